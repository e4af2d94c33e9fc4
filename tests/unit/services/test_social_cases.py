"""Leading a case: when it may be closed, when she was last heard, which outcomes the record contradicts."""

from datetime import UTC, datetime, timedelta

import pytest

from services.social.rules.cases import Closure, last_heard, may_close, outcome_refused

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.mark.parametrize(("early", "allowed"), [(timedelta(0), True), (timedelta(milliseconds=1), False)])
def test_a_case_is_closed_for_want_of_contact_only_after_the_agreed_time(early: timedelta, allowed: bool) -> None:
    assert may_close(Closure.NO_CONTACT, silent_until=NOW + early, now=NOW) is allowed


@pytest.mark.parametrize("reason", sorted(set(Closure) - {Closure.NO_CONTACT}))
def test_every_other_reason_holds_at_once(reason: Closure) -> None:
    assert may_close(reason, silent_until=NOW + timedelta(days=30), now=NOW)


def test_a_review_that_did_not_reach_her_is_no_sign_of_her() -> None:
    assert last_heard("2026-11-01", ["2026-11-03"], [("2026-11-09", False)]) == "2026-11-03"
    assert last_heard("2026-11-01", [], [("2026-11-09", True), ("2026-11-12", False)]) == "2026-11-09"


@pytest.mark.parametrize(
    ("outcome", "closed", "planned", "refusal"),
    [
        ("closed", False, True, "social.case-open"),
        ("closed", True, True, None),
        ("plan_set", False, False, "social.case-unplanned"),
        ("plan_set", False, True, None),
        ("transferred", False, False, None),
    ],
)
def test_an_outcome_agrees_with_the_recorded_case(
    outcome: str, closed: bool, planned: bool, refusal: str | None
) -> None:
    assert outcome_refused(outcome, closed=closed, planned=planned) == refusal
