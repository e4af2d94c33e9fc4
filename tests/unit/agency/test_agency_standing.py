"""What is due next follows from where a referral stands."""

from datetime import UTC, datetime

import pytest

from shared.agency.standing import due_here, has_ended, next_due, standing_beside, standing_of
from shared.sop.loader import load_sop
from shared.sop.model import ReferralState, Urgency

DUE = {
    "acknowledge": "2026-11-21T08:15:00.000Z",
    "decide": "2026-11-21T09:00:00.000Z",
    "contact": "2026-11-21T10:00:00.000Z",
    "complete": "2026-11-21T08:05:00.000Z",
}


@pytest.mark.parametrize("state", ["queued", "sent", "delivered", "acknowledged", "accepted", "in_progress"])
def test_a_window_that_ends_first_is_due_first_in_every_state(state: str) -> None:
    assert next_due(state, DUE) == DUE["complete"]


@pytest.mark.parametrize(
    ("state", "phase"), [("sent", "acknowledge"), ("acknowledged", "decide"), ("scheduled", "contact")]
)
def test_duties_that_are_done_are_no_longer_due(state: str, phase: str) -> None:
    later = {**DUE, "complete": "2026-11-23T08:05:00.000Z"}
    assert next_due(state, later) == DUE[phase]


@pytest.mark.parametrize("state", [*(s for s in ReferralState if has_ended(s)), "refused"])
def test_nothing_is_due_at_an_end(state: str) -> None:
    assert next_due(state, DUE) is None


def test_phases_without_a_clock_are_left_out() -> None:
    found = standing_of({"state": "sent", "due": {"acknowledge": DUE["acknowledge"], "decide": None}})
    assert found == {"state": "sent", "due": {"acknowledge": DUE["acknowledge"]}, "next_due_at": DUE["acknowledge"]}


def test_a_recipient_computes_the_same_clocks_as_the_gateway() -> None:
    sent_at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    due = due_here(load_sop(), "SOC-01", urgency=Urgency.URGENT, sent_at=sent_at, incident_at=None)
    assert due["acknowledge"] == "2026-11-21T08:15:00.000Z"


@pytest.mark.parametrize(
    ("answered", "here", "then"),
    [
        ("sent", "queued", "sent"),
        ("sent", "acknowledged", "acknowledged"),
        ("sent", "revoked", "revoked"),
        ("acknowledged", "revoked", "revoked"),
        ("accepted", "acknowledged", "accepted"),
        ("closed", "completed", "closed"),
    ],
)
def test_an_answer_that_comes_again_undoes_nothing_younger(answered: str, here: str, then: str) -> None:
    found = standing_beside({"state": answered, "due": DUE}, here=here)
    assert (found["state"], found["next_due_at"]) == (then, next_due(then, DUE))
