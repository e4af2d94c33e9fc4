"""A derived consent may only narrow, and only who was let may derive it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.consent.grant import SERVICE, STATISTICS, ConsentState
from shared.consent.narrowing import check_narrower, wider_places, with_takings_above
from shared.sop.model import Compartment
from tests.support.builders import (
    CONSENT_ID,
    DERIVED_ID,
    HOSPITAL,
    LEGAL_CENTRE,
    NOON,
    POLICE,
    SHELTER,
    a_consent,
    a_grant,
    a_sop,
    a_taking,
)

SOP = a_sop()
TO_LAWYER = a_grant(recipients=frozenset({LEGAL_CENTRE}))
PARENT: Mapping[str, Any] = {"grants": (a_grant(onward=True), TO_LAWYER)}
CHILD: Mapping[str, Any] = {"id": DERIVED_ID, "recorder": SHELTER, "derived_from": CONSENT_ID, "grants": (TO_LAWYER,)}


def faults(child: Mapping[str, Any], parent: Mapping[str, Any], deriver: str = SHELTER) -> list[str]:
    """Return the codes of the reasons against registering a child that differs so from a lawful one."""
    found = check_narrower(a_consent(**{**CHILD, **child}), a_consent(**{**PARENT, **parent}), deriver=deriver, sop=SOP)
    assert all(reason.rule == "R-15" and reason.basis for reason in found)
    return [reason.code for reason in found]


def test_the_same_or_less_may_be_derived() -> None:
    assert faults({}, {}) == []
    assert faults({"withheld": frozenset({Compartment.NEEDS}), "valid_to": NOON}, {}) == []


def test_the_recorder_may_derive_from_its_own_consent() -> None:
    assert faults({"recorder": HOSPITAL}, {"grants": (TO_LAWYER,)}, deriver=HOSPITAL) == []


@pytest.mark.parametrize(
    ("child", "code", "place"),
    [
        ({"subject": "s-other"}, "consent.subject", "/subject"),
        ({"derived_from": None}, "consent.not-narrower", "/derived_from"),
        ({"purposes": frozenset({SERVICE, STATISTICS})}, "consent.not-narrower", "/purposes"),
        ({"valid_from": NOON - timedelta(days=2)}, "consent.not-narrower", "/valid_from"),
        ({"valid_to": NOON + timedelta(days=90)}, "consent.not-narrower", "/valid_to"),
        ({"grants": (a_grant(recipients=frozenset({POLICE})),)}, "consent.not-narrower", "/grants/0/recipients"),
        (
            {"grants": (TO_LAWYER, a_grant(service_types=frozenset({"POL-03"})))},
            "consent.not-narrower",
            "/grants/1/service_types",
        ),
        (
            {"grants": (a_grant(compartments=frozenset({Compartment.MEDICAL})),)},
            "consent.not-narrower",
            "/grants/0/compartments",
        ),
        (
            {"grants": (a_grant(recipients=frozenset({LEGAL_CENTRE}), onward=True),)},
            "consent.not-narrower",
            "/grants/0/onward",
        ),
        ({"recorder": POLICE}, "consent.onward", "/derived_from"),
    ],
)
def test_a_child_that_is_wider_in_anything_is_refused_and_told_where(
    child: Mapping[str, Any], code: str, place: str
) -> None:
    assert faults(child, {}) == [code]
    assert wider_places(a_consent(**{**CHILD, **child}), a_consent(**PARENT), deriver=SHELTER) == (place,)


def test_who_may_not_derive_learns_nothing_of_what_the_parent_holds() -> None:
    child = a_consent(**{**CHILD, "recorder": POLICE, "valid_to": NOON + timedelta(days=90)})
    assert wider_places(child, a_consent(**PARENT), deriver=POLICE) == ("/derived_from",)


def test_who_was_not_let_to_refer_on_may_not_derive() -> None:
    assert faults({}, {"grants": (a_grant(), TO_LAWYER)}) == ["consent.onward"]
    assert faults({"recorder": POLICE}, {}, deriver=POLICE) == ["consent.onward"]


def test_what_was_withheld_or_taken_back_cannot_be_derived() -> None:
    assert faults({}, {"withheld": frozenset({Compartment.SAFETY})}) == ["consent.not-narrower"]
    taken = a_taking(recipients=frozenset({LEGAL_CENTRE}))
    assert faults({}, {"takings": (taken,)}) == ["consent.not-narrower"]


def test_withholding_in_the_child_makes_up_for_withholding_in_the_parent() -> None:
    safety = frozenset({Compartment.SAFETY})
    assert faults({"withheld": safety}, {"withheld": safety}) == []


def test_each_fault_is_given_once() -> None:
    assert faults({"valid_to": NOON + timedelta(days=400), "purposes": frozenset({"x"})}, {}) == [
        "consent.not-narrower"
    ]


#: From whom and what was taken back above, where a child lets the lawyer have safety and needs, and withholds needs.
TAKEN_ABOVE: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]], ConsentState]] = (
    ({}, [{}], ConsentState.REVOKED),
    (
        {"recipients": frozenset({LEGAL_CENTRE, POLICE})},
        [{"recipients": frozenset({LEGAL_CENTRE})}],
        ConsentState.REVOKED,
    ),
    ({"recipients": frozenset({POLICE})}, [], ConsentState.ACTIVE),
    (
        {"compartments": frozenset({Compartment.SAFETY, Compartment.MEDICAL})},
        [{"compartments": frozenset({Compartment.SAFETY})}],
        ConsentState.NARROWED,
    ),
    ({"compartments": frozenset({Compartment.MEDICAL})}, [], ConsentState.ACTIVE),
    ({"compartments": frozenset({Compartment.NEEDS})}, [], ConsentState.ACTIVE),
)


@pytest.mark.parametrize(("taken", "told", "state"), TAKEN_ABOVE)
def test_what_is_taken_back_above_is_taken_from_the_child_and_told_as_far_as_it_reaches_it(
    taken: Mapping[str, Any], told: Sequence[Mapping[str, Any]], state: ConsentState
) -> None:
    child = a_consent(**{**CHILD, "withheld": frozenset({Compartment.NEEDS})})
    root = a_consent(**PARENT, takings=(a_taking(**taken),))
    found = with_takings_above(child, [a_consent(id="between"), root])
    assert found.takings == tuple(a_taking(**one) for one in told)
    assert found.state(NOON) is state
