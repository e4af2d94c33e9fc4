"""Evidence only with her word, examined by whom she chose."""

import pytest

from services.health.rules.custody import AUTHORITIES, To
from services.health.rules.forensic import (
    Examiner,
    GenderAnswer,
    Part,
    Specimen,
    agreed,
    may_go,
    part_for,
    wrong_examiner,
)
from services.health.rules.windows import Kind, load_windows

EVERYTHING = frozenset(Part)


def examiner(gender: str, answer: GenderAnswer | None = None, *, offered: bool = True) -> Examiner:
    return Examiner(gender=gender, same_gender_offered=offered, her_answer=answer)


@pytest.mark.rule("R-21")
@pytest.mark.parametrize("part", Part)
def test_what_she_was_not_asked_or_did_not_agree_to_she_has_not_agreed_to(part: Part) -> None:
    assert not agreed(None, part)
    assert not agreed(EVERYTHING - {part}, part)
    assert agreed(frozenset({part}), part)


@pytest.mark.rule("R-01")
def test_an_examiner_of_her_gender_is_offered_whether_she_asked_or_not() -> None:
    assert wrong_examiner(examiner("male", offered=False), "any") == "health.examiner-offer"
    assert wrong_examiner(examiner("male"), "any") is None


@pytest.mark.rule("R-01")
@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (None, "health.examiner-gender"),
        (GenderAnswer.REFUSED, "health.examiner-gender"),
        (GenderAnswer.WAIVED, None),
        (GenderAnswer.ALTERNATIVE_ACCEPTED, None),
    ],
)
def test_another_gender_than_she_chose_needs_her_answer(answer: GenderAnswer | None, refusal: str | None) -> None:
    assert wrong_examiner(examiner("male", answer), "female") == refusal
    assert wrong_examiner(examiner("female", answer), "female") is None


@pytest.mark.rule("R-21")
@pytest.mark.parametrize("to", sorted(AUTHORITIES))
def test_specimens_go_to_an_authority_with_her_word_or_a_decision_alone(to: To) -> None:
    silent = EVERYTHING - {Part.HANDING_OVER}
    assert not may_go(to, parts=silent, order_reference=None)
    assert may_go(to, parts=EVERYTHING, order_reference=None)
    assert may_go(to, parts=silent, order_reference="12/QD-CSDT")


def test_specimens_go_into_storage_and_to_a_laboratory_without_more() -> None:
    assert all(may_go(to, parts=None, order_reference=None) for to in set(To) - AUTHORITIES)


def test_what_can_be_taken_is_in_the_table_of_windows() -> None:
    table = {window.id for window in load_windows().values() if window.kind is Kind.SPECIMEN}
    assert set(Specimen) == table - {"forensic_examination"}
    assert part_for(Specimen.PHOTOGRAPHS) is Part.PHOTOGRAPHS
