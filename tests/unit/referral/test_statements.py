"""What says that she told her story, and what does not (R-02)."""

import pytest

from shared.referral.statements import AT_WORK, was_taken
from shared.sop.loader import load_sop
from shared.sop.model import EventType

SOP = load_sop()


@pytest.mark.parametrize("outcome", ["statement_taken", "joint_interview_done"])
def test_outcome_of_an_interview_says_it(outcome: str) -> None:
    assert was_taken(SOP, service_type="POL-06", event=EventType.COMPLETED, data={"outcome": outcome})


def test_outcome_of_an_interview_that_did_not_happen_does_not() -> None:
    data = {"outcome": "postponed_by_survivor"}
    assert not was_taken(SOP, service_type="POL-06", event=EventType.COMPLETED, data=data)


def test_the_same_word_of_another_service_does_not() -> None:
    data = {"outcome": "statement_taken"}
    assert not was_taken(SOP, service_type="HEA-03", event=EventType.COMPLETED, data=data)


@pytest.mark.parametrize("event", sorted(AT_WORK))
@pytest.mark.parametrize("service_type", ["POL-03", "HEA-03", "SOC-03"])
def test_any_service_says_it_by_the_fact(event: EventType, service_type: str) -> None:
    assert was_taken(SOP, service_type=service_type, event=event, data={"statement_taken": True})
    assert not was_taken(SOP, service_type=service_type, event=event, data={"statement_taken": False})


@pytest.mark.parametrize("event", sorted(set(EventType) - AT_WORK))
def test_nothing_before_or_after_the_work_says_it(event: EventType) -> None:
    assert not was_taken(SOP, service_type="POL-06", event=event, data={"statement_taken": True})
