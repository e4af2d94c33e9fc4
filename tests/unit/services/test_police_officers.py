"""She chooses the gender of the officer: met, waived by her, or an alternative that she answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.police.rules.objections import Objection
from services.police.rules.officers import Alternative, Gender, HerAnswer, Honoured, honoured, wish_of

OTHER = {Gender.FEMALE: Gender.MALE, Gender.MALE: Gender.FEMALE}


@pytest.mark.rule("R-01")
@given(st.sampled_from(Gender), st.none() | st.sampled_from(HerAnswer), st.none() | st.sampled_from(Alternative))
def test_an_officer_of_the_other_gender_takes_her_case_only_on_her_recorded_answer(
    wanted: Gender, answer: HerAnswer | None, alternative: Alternative | None
) -> None:
    how = honoured(wanted, OTHER[wanted], her_answer=answer, alternative=alternative)
    waived = answer is HerAnswer.WAIVED and alternative is None
    agreed = answer is HerAnswer.ALTERNATIVE_ACCEPTED and alternative is not None
    assert (how in {Honoured.WAIVED, Honoured.ALTERNATIVE}) is (waived or agreed)
    assert how is not Honoured.MET


@pytest.mark.rule("R-01")
def test_her_no_to_the_alternative_is_recorded_as_a_no() -> None:
    how = honoured(Gender.FEMALE, Gender.MALE, her_answer=HerAnswer.REFUSED, alternative=Alternative.ANOTHER_DAY)
    assert how is Honoured.REFUSED


@pytest.mark.parametrize("wanted", [None, Gender.FEMALE])
def test_where_her_wish_is_met_nobody_has_to_ask_her(wanted: Gender | None) -> None:
    assert honoured(wanted, Gender.FEMALE, her_answer=None, alternative=None) is Honoured.MET


@pytest.mark.parametrize(
    ("answer", "alternative", "pointer"),
    [(HerAnswer.WAIVED, None, "/her_answer"), (None, Alternative.ACCOMPANIED, "/alternative")],
)
def test_an_answer_to_no_question_is_refused(
    answer: HerAnswer | None, alternative: Alternative | None, pointer: str
) -> None:
    how = honoured(Gender.FEMALE, Gender.FEMALE, her_answer=answer, alternative=alternative)
    assert how == Objection("police.officer-gender", pointer)


def test_a_wish_that_was_said_in_either_place_counts() -> None:
    assert wish_of("any", "female") is Gender.FEMALE
    assert wish_of("male", "female") is Gender.MALE
    assert wish_of("any", None) is None
