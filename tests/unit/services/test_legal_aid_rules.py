"""Assignment, court orders, compensation, non-punishment: what each rule allows."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.legal_aid.rules.assignment import Gender, HerAnswer, facts_of, honours
from services.legal_aid.rules.claims import ClaimState, may_become
from services.legal_aid.rules.exposure import Indicator, Issue, must_be_offered
from services.legal_aid.rules.hearings import Companion, may_be_held
from services.legal_aid.rules.proceedings import Kind, Recorded, may_ask_court, working_days_before
from shared.sop.calendar import is_working_day


@pytest.mark.rule("R-01")
@pytest.mark.parametrize("answer", [HerAnswer.NOT_ASKED, HerAnswer.REFUSED])
def test_a_man_where_she_chose_a_woman_needs_her_yes(answer: HerAnswer) -> None:
    assert not honours("female", Gender.MALE, answer)


@pytest.mark.rule("R-01")
@pytest.mark.parametrize("answer", [HerAnswer.WAIVED, HerAnswer.ALTERNATIVE_ACCEPTED])
def test_her_recorded_yes_is_enough(answer: HerAnswer) -> None:
    assert honours("female", Gender.MALE, answer)
    assert facts_of("lawyer-1", Gender.MALE, answer)["staff_gender_answer"] == answer.value


def test_where_her_choice_is_met_nothing_is_said_about_an_answer() -> None:
    assert honours("any", Gender.MALE, HerAnswer.NOT_ASKED)
    assert honours("female", Gender.FEMALE, HerAnswer.NOT_ASKED)
    assert "staff_gender_answer" not in facts_of("lawyer-1", Gender.FEMALE, HerAnswer.NOT_ASKED)


@pytest.mark.rule("E2")
def test_a_court_is_asked_only_within_a_pending_civil_case_between_the_parties() -> None:
    assert not may_ask_court([], said_pending=False)
    assert may_ask_court([], said_pending=True)
    assert may_ask_court([Recorded(Kind.CIVIL, True, True)], said_pending=False)
    assert not may_ask_court([Recorded(Kind.CRIMINAL, True, True)], said_pending=False)
    assert not may_ask_court([Recorded(Kind.CIVIL, False, True)], said_pending=False)


@pytest.mark.rule("E2")
def test_what_is_on_record_goes_before_what_was_said() -> None:
    ended, other = Recorded(Kind.CIVIL, True, False), Recorded(Kind.CIVIL, True, True)
    assert not may_ask_court([ended], said_pending=True)
    assert may_ask_court([ended, other], said_pending=False)


@given(st.dates(date(2025, 1, 1), date(2027, 12, 1)), st.integers(1, 10))
def test_so_many_working_days_lie_between(day: date, amount: int) -> None:
    before = working_days_before(day, amount)
    between = [date.fromordinal(one) for one in range(before.toordinal(), day.toordinal())]
    assert is_working_day(before)
    assert sum(map(is_working_day, between)) == amount


def test_before_the_first_day_there_is_no_other() -> None:
    assert working_days_before(date(1, 1, 3), 5) == date(1, 1, 1)


@pytest.mark.rule("R-14")
def test_non_punishment_is_offered_where_both_are_there_and_only_then() -> None:
    one, other = [Indicator.FORCED_CRIME], [Issue.OFFENCE]
    assert must_be_offered(one, other)
    assert not must_be_offered(one, [])
    assert not must_be_offered([], other)


@pytest.mark.rule("R-10")
@pytest.mark.parametrize("state", sorted(set(ClaimState) - {ClaimState.PAID, ClaimState.ENDED_BY_HER}))
def test_she_may_end_a_claim_at_any_time_and_go_on_with_it_after_all(state: ClaimState) -> None:
    assert may_become(state, ClaimState.ENDED_BY_HER)
    assert may_become(ClaimState.ENDED_BY_HER, state)


def test_a_claim_goes_on_step_by_step() -> None:
    assert may_become(ClaimState.PREPARED, ClaimState.FILED)
    assert not may_become(ClaimState.PREPARED, ClaimState.AWARDED)
    assert not may_become(ClaimState.PAID, ClaimState.ENDED_BY_HER)
    assert not any(may_become(state, state) for state in ClaimState)


@pytest.mark.rule("R-06")
def test_a_hearing_is_not_held_before_she_was_asked_who_goes_with_her() -> None:
    assert [one for one in Companion if not may_be_held(one)] == [Companion.TO_BE_ASKED]
