"""Nothing here asks for a report, money or papers; what leaves needs her word; support is private."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.health.profile import PROFILE
from services.health.rules.certificates import may_leave
from services.health.rules.support import LIMITS_FIRST, NOT_ALONE, Present, wrong_setting
from services.health.rules.ticks import Kind, unticked
from shared.agency.sector.open_door import check_open_door
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, Name
from shared.sop.sector_rules import Refusal, RefusalKind, SectorRules, read_sector_rules
from shared.sop.sheet import SopRefused

RULES = read_sector_rules(PROFILE.rules, load_sop())
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
REFUSAL = Refusal("health.something", "HEA-EC", RefusalKind.CONFLICT, "Not yet", "Come back tomorrow.")


@dataclass(frozen=True)
class WithReport:
    """A record that nobody may keep."""

    treatment_id: str
    police_report_number: str


@dataclass(frozen=True)
class WithMoney:
    """A record that nobody may keep."""

    treatment_id: str
    fee_paid: str


@dataclass(frozen=True)
class WithPapers:
    """A record that nobody may keep."""

    treatment_id: str
    insurance_card: str


def refusing(**changes: str) -> SectorRules:
    """The rules with one refusal more, changed as given."""
    refusal = replace(REFUSAL, **changes)
    return replace(RULES, refusals=MappingProxyType({**RULES.refusals, refusal.code: refusal}))


@pytest.mark.rule("R-08")
def test_no_rule_refusal_or_record_of_health_asks_for_a_report_money_or_papers() -> None:
    assert PROFILE.open_door
    check_open_door(RULES, PROFILE.rows)


@pytest.mark.rule("R-08")
@pytest.mark.parametrize("record", [WithReport, WithMoney, WithPapers])
def test_a_record_with_a_field_for_such_a_thing_is_refused(record: type) -> None:
    with pytest.raises(SopRefused) as refusal:
        check_open_door(RULES, [record])
    assert "(R-08)" in refusal.value.message


@pytest.mark.rule("R-08")
@pytest.mark.parametrize(
    "changes",
    [
        {"code": "health.police-report-missing"},
        {"code": "health.fee-open"},
        {"title": "No insurance"},
        {"mend": "Bring your identity card."},
        {"mend": "First pay at the desk."},
        {"mend": "Xuất trình thẻ bảo hiểm y tế."},
    ],
)
def test_a_refusal_that_asks_for_such_a_thing_is_refused(changes: dict[str, str]) -> None:
    check_open_door(refusing(), ())
    with pytest.raises(SopRefused) as refusal:
        check_open_door(refusing(**changes), ())
    assert "(R-08)" in refusal.value.message


@pytest.mark.rule("R-08")
def test_a_rule_that_asks_for_such_a_thing_is_refused() -> None:
    asking = replace(RULES.rules["HEA-EC"], says=Name(vi="Cần giấy trình báo", en="Needs a police report"))
    rules = replace(RULES, rules=MappingProxyType({**RULES.rules, "HEA-EC": asking}))
    with pytest.raises(SopRefused) as refusal:
        check_open_door(rules, ())
    assert "(R-08)" in refusal.value.message


@pytest.mark.rule("R-22")
@given(st.sets(st.sampled_from(Kind)), st.sets(st.sampled_from(Kind)))
def test_each_kind_of_results_needs_its_own_tick(present: set[Kind], ticked: set[Kind]) -> None:
    medical = {"triage": "green", **{kind.value: {"consented": True} for kind in present}}
    assert set(unticked(medical, ticked)) == present - ticked


@pytest.mark.rule("R-22")
def test_each_kind_is_a_part_of_the_medical_compartment_and_of_no_other() -> None:
    schemas = load_sop().schemas
    holding = {name for name, schema in schemas.items() if set(Kind) & schema["properties"].keys()}
    assert holding == {Compartment.MEDICAL}


@pytest.mark.parametrize(
    ("certificates", "allowed"),
    [
        ([], False),
        ([(None, None)], False),
        ([("2026-11-21", None)], True),
        ([(None, "2026-11-21")], True),
        ([("2026-11-21", None), (None, None)], False),
    ],
)
def test_a_certificate_leaves_once_it_is_hers_or_she_wants_it_sent(
    certificates: list[tuple[str | None, str | None]], *, allowed: bool
) -> None:
    assert may_leave(certificates) is allowed


def setting(*present: Present, private: bool = True, limits_late_by: int = 0) -> str | None:
    told = NOW + timedelta(minutes=limits_late_by)
    return wrong_setting(private_room=private, present=present, limits_told_at=told, began_at=NOW)


def test_support_is_given_alone_and_in_private() -> None:
    assert setting() is None
    assert setting(private=False) == NOT_ALONE


@pytest.mark.rule("R-06")
@pytest.mark.parametrize("who", Present)
def test_her_companion_may_be_there_and_her_family_may_not(who: Present) -> None:
    welcome = {Present.COMPANION_SHE_CHOSE, Present.INTERPRETER, Present.CHILD_UNDER_TWO}
    assert setting(who) == (None if who in welcome else NOT_ALONE)


def test_she_is_told_what_cannot_be_kept_secret_before_she_speaks() -> None:
    assert setting(limits_late_by=-1) is None
    assert setting(limits_late_by=1) == LIMITS_FIRST
