"""Only a listed row moves a referral, and an event says what it must."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.kernel.errors import Conflict, InputRejected
from shared.referral.lifecycle import check_event_facts, mermaid, open_events, state_after, transition
from shared.sop.model import EventType, Party, ReferralState, Sop, Urgency
from tests.support.builders import a_decline_reason, a_row, a_service, a_sop

DECLINE = a_row(
    id="T07",
    event=EventType.DECLINED,
    sources=frozenset({ReferralState.DELIVERED, ReferralState.ACKNOWLEDGED}),
    target=ReferralState.DECLINED,
    needs=("reason",),
)
ATTEMPT = a_row(id="T10", event=EventType.CONTACT_ATTEMPTED, sources=frozenset({ReferralState.ACCEPTED}), target=None)
COMPLETE = a_row(
    id="T12",
    event=EventType.COMPLETED,
    sources=frozenset({ReferralState.ACCEPTED}),
    target=ReferralState.COMPLETED,
    needs=("outcome", "survivor_told"),
)
SOP = a_sop(
    transitions=(a_row(), DECLINE, ATTEMPT, COMPLETE),
    decline_reasons=(
        a_decline_reason(code="D01", needs_alternative=True),
        a_decline_reason(code="D02", needs_article=True),
        a_decline_reason(code="D04"),
        a_decline_reason(code="no_police_report", forbidden=True),
    ),
)


def test_a_listed_row_is_found() -> None:
    row = transition(SOP, state=ReferralState.ACKNOWLEDGED, event=EventType.ACCEPTED, by=Party.RECIPIENT)
    assert row.id == "T06"
    assert state_after(row, ReferralState.ACKNOWLEDGED) is ReferralState.ACCEPTED


def test_a_row_without_target_leaves_the_state_as_it_is() -> None:
    row = transition(SOP, state=ReferralState.ACCEPTED, event=EventType.CONTACT_ATTEMPTED, by=Party.RECIPIENT)
    assert state_after(row, ReferralState.ACCEPTED) is ReferralState.ACCEPTED


@pytest.mark.parametrize(
    ("state", "event", "by"),
    [
        (ReferralState.SENT, EventType.ACCEPTED, Party.RECIPIENT),
        (ReferralState.ACKNOWLEDGED, EventType.CLOSED, Party.RECIPIENT),
        (ReferralState.ACKNOWLEDGED, EventType.ACCEPTED, Party.SENDER),
    ],
)
def test_an_event_in_the_wrong_state_or_from_the_wrong_side_is_a_conflict(
    state: ReferralState, event: EventType, by: Party
) -> None:
    with pytest.raises(Conflict) as caught:
        transition(SOP, state=state, event=event, by=by)
    assert caught.value.code == "referral.transition"


def test_open_events_are_those_that_have_a_row() -> None:
    found = open_events(SOP, state=ReferralState.ACKNOWLEDGED, by=Party.RECIPIENT)
    assert found == (EventType.ACCEPTED, EventType.DECLINED)
    assert open_events(SOP, state=ReferralState.ACKNOWLEDGED, by=Party.SENDER) == ()


def test_the_diagram_draws_each_row_that_leads_on_and_each_end() -> None:
    drawn = mermaid(SOP)
    assert drawn.startswith("stateDiagram-v2\n    [*] --> sent\n")
    assert "    acknowledged --> accepted: accepted (recipient)\n" in drawn
    assert "    delivered --> declined: declined (recipient)\n" in drawn
    assert "contact_attempted" not in drawn
    assert "    declined --> [*]\n" in drawn


def faults(
    event: EventType,
    data: Mapping[str, Any],
    *,
    urgency: Urgency = Urgency.PROMPT,
    wanted: str | None = "any",
    barred: frozenset[str] = frozenset(),
    sop: Sop = SOP,
) -> list[tuple[str, str]]:
    """Return code and rule of each reason against the event."""
    found = check_event_facts(
        sop,
        service=a_service(barred_declines=barred),
        urgency=urgency,
        staff_gender_wanted=wanted,
        event=event,
        data=data,
    )
    assert all(reason.basis for reason in found)
    return [(reason.code, reason.rule) for reason in found]


@pytest.mark.parametrize("left_out", [{}, {"outcome": None, "survivor_told": None}])
def test_every_fact_of_the_row_must_be_given(left_out: Mapping[str, Any]) -> None:
    assert faults(EventType.COMPLETED, left_out) == [
        ("event.fact-missing", "T12.outcome"),
        ("event.fact-missing", "T12.survivor_told"),
    ]


def test_a_fact_that_is_false_is_given() -> None:
    assert faults(EventType.COMPLETED, {"outcome": "completed_full", "survivor_told": False}) == []


def test_a_fact_that_is_empty_is_not_given() -> None:
    assert faults(EventType.DECLINED, {}) == [("event.fact-missing", "T07.reason")]
    assert faults(EventType.COMPLETED, {"outcome": "completed_full", "survivor_told": ""}) == [
        ("event.fact-missing", "T12.survivor_told")
    ]


def test_an_outcome_of_another_service_is_refused() -> None:
    data = {"outcome": "family_mediation", "survivor_told": True}
    assert faults(EventType.COMPLETED, data) == [("sop.outcome", "SOC-01")]


def test_a_reason_on_the_list_is_enough_to_decline() -> None:
    assert faults(EventType.DECLINED, {"reason": "D04"}) == []


@pytest.mark.parametrize("reason", ["D77", "", None, 4, True])
def test_a_reason_that_is_not_on_the_list_is_invalid_input(reason: object) -> None:
    with pytest.raises(InputRejected) as caught:
        faults(EventType.DECLINED, {"reason": reason})
    assert caught.value.code == "event.reason-unknown"
    assert [fault.pointer for fault in caught.value.faults] == ["/data/reason"]
    assert "D77" not in caught.value.message


@pytest.mark.rule("R-08")
def test_a_forbidden_reason_cannot_be_given() -> None:
    assert faults(EventType.DECLINED, {"reason": "no_police_report"}) == [("sop.decline-forbidden", "no_police_report")]


def test_a_reason_barred_for_the_service_cannot_be_given() -> None:
    found = faults(EventType.DECLINED, {"reason": "D04"}, barred=frozenset({"D04"}))
    assert found == [("sop.decline-barred", "SOC-01")]


def test_not_eligible_in_law_needs_the_article() -> None:
    assert faults(EventType.DECLINED, {"reason": "D02"}) == [("event.fact-missing", "D02.article")]
    assert faults(EventType.DECLINED, {"reason": "D02", "article": "Art 7"}) == []


@pytest.mark.parametrize("urgency", [Urgency.IMMEDIATE, Urgency.URGENT])
def test_no_capacity_needs_an_alternative_when_it_presses(urgency: Urgency) -> None:
    assert faults(EventType.DECLINED, {"reason": "D01"}, urgency=urgency) == [("sop.decline-alternative", "D01")]
    assert faults(EventType.DECLINED, {"reason": "D01", "alternative": "peace-house"}, urgency=urgency) == []


def test_a_service_may_ask_for_an_alternative_at_any_urgency() -> None:
    service = a_service(alternative_declines=frozenset({"D04"}))
    found = check_event_facts(
        SOP,
        service=service,
        urgency=Urgency.PLANNED,
        staff_gender_wanted=None,
        event=EventType.DECLINED,
        data={"reason": "D04"},
    )
    assert [reason.code for reason in found] == ["sop.decline-alternative"]


def test_no_capacity_needs_no_alternative_when_it_does_not_press() -> None:
    assert faults(EventType.DECLINED, {"reason": "D01"}) == []


@pytest.mark.parametrize("wanted", [None, "any"])
def test_without_a_wish_anybody_may_be_assigned(wanted: str | None) -> None:
    assert faults(EventType.ACCEPTED, {}, wanted=wanted) == []


@pytest.mark.rule("R-01")
@pytest.mark.parametrize("wanted", ["female", "male"])
def test_her_wish_for_staff_is_met_or_put_to_her(wanted: str) -> None:
    other = {"female": "male", "male": "female"}[wanted]
    assert faults(EventType.ACCEPTED, {"staff_gender": wanted}, wanted=wanted) == []
    assert faults(EventType.ACCEPTED, {"staff_gender": other}, wanted=wanted) == [("sop.staff-gender", "R-01")]
    assert faults(EventType.ACCEPTED, {}, wanted=wanted) == [("sop.staff-gender", "R-01")]
    for answer in ("waived", "alternative_accepted"):
        assert faults(EventType.ACCEPTED, {"staff_gender_answer": answer}, wanted=wanted) == []
    assert faults(EventType.ACCEPTED, {"staff_gender_answer": "not_asked"}, wanted=wanted) == [
        ("sop.staff-gender", "R-01")
    ]


def test_life_at_risk_is_not_put_on_hold() -> None:
    assert faults(EventType.ON_HOLD, {}, urgency=Urgency.IMMEDIATE) == [("sop.no-pause", "U0")]
    assert faults(EventType.ON_HOLD, {}, urgency=Urgency.URGENT) == []
