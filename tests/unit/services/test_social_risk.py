"""What a reading of a risk tool means, and that a score never lowers what a person set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.social.rules.risk import (
    Band,
    Level,
    Reading,
    Screen,
    Sign,
    Tool,
    band_of,
    is_complete,
    offers,
    urgency_of,
)
from services.social.rules.safety import TITLE, Copy, as_lines, may_copy
from shared.sop.model import Urgency

BANDS, URGENCIES = st.sampled_from(Band), st.sampled_from(Urgency)


def danger(score: int) -> Reading:
    return Reading(tool=Tool.DANGER_ASSESSMENT, score=score)


def screened(first_three: int, others: int, *, belief: bool = False) -> Reading:
    return Reading(tool=Tool.LAP, screen=Screen(first_three, others, belief))


@pytest.mark.parametrize(
    ("reading", "band"),
    [
        (danger(7), Band.R1),
        (danger(8), Band.R2),
        (danger(13), Band.R2),
        (danger(14), Band.R3),
        (danger(17), Band.R3),
        (danger(18), Band.R4),
        (screened(0, 3), Band.R1),
        (screened(1, 0), Band.R3),
        (screened(0, 4), Band.R3),
        (screened(0, 0, belief=True), Band.R3),
        (Reading(tool=Tool.DASH_RIC, score=13), Band.R1),
        (Reading(tool=Tool.DASH_RIC, score=14), Band.R3),
        (Reading(tool=Tool.DASH_RIC, score=2, incidents=3), Band.R3),
        (Reading(tool=Tool.PRIMERO, level=Level.HIGH), Band.R3),
        (Reading(tool=Tool.DECREE_56_FORM_02, level=Level.LOW), Band.R1),
        (Reading(tool=Tool.PROFESSIONAL_JUDGEMENT, judgement=Band.R2), Band.R2),
    ],
)
def test_a_reading_means_its_band(reading: Reading, band: Band) -> None:
    assert is_complete(reading)
    assert band_of(reading) is band


@pytest.mark.parametrize("sign", Sign)
def test_a_sign_of_extreme_danger_is_extreme_whatever_the_score(sign: Sign) -> None:
    assert band_of(Reading(tool=Tool.DANGER_ASSESSMENT, score=0, signs=frozenset({sign}))) is Band.R4


@given(score=st.integers(0, 40), people=BANDS, urgency=URGENCIES)
def test_a_score_never_lowers_what_a_person_set(score: int, people: Band, urgency: Urgency) -> None:
    band = band_of(danger(score), set_by_people=[people])
    order = list(Urgency)
    assert band >= people
    assert order.index(urgency_of(band, set_by_people=urgency)) <= order.index(urgency)


@given(score=st.integers(0, 40), judgement=BANDS)
def test_a_judgement_raises_a_score_and_never_lowers_it(score: int, judgement: Band) -> None:
    judged = Reading(tool=Tool.DANGER_ASSESSMENT, score=score, judgement=judgement)
    assert band_of(judged) == max(band_of(danger(score)), judgement)


@pytest.mark.parametrize("urgency", Urgency)
def test_high_risk_is_urgent_at_least_and_offers_a_conference(urgency: Urgency) -> None:
    assert urgency_of(Band.R3, set_by_people=urgency) in {Urgency.URGENT, Urgency.IMMEDIATE}
    assert urgency_of(Band.R4, set_by_people=urgency) is Urgency.IMMEDIATE
    assert urgency_of(Band.R2, set_by_people=urgency) is urgency
    assert (offers(Band.R2), offers(Band.R3), offers(Band.R4)) == ((), ("COO-01",), ("COO-01",))


@pytest.mark.parametrize("tool", Tool)
def test_a_tool_without_its_reading_is_not_complete(tool: Tool) -> None:
    assert not is_complete(Reading(tool=tool))


@pytest.mark.rule("R-20")
def test_she_takes_a_copy_along_only_where_it_is_safe() -> None:
    assert not may_copy(Copy.TAKEN_ALONG, safe_to_keep=False)
    assert may_copy(Copy.TAKEN_ALONG, safe_to_keep=True)
    assert may_copy(Copy.READ_TO_HER, safe_to_keep=False)


@pytest.mark.rule("R-20")
def test_a_copy_says_nowhere_what_it_is() -> None:
    plan = {"signals": ["phone off"], "steps": [{"what": "call Lan", "with_whom": "Lan"}], "take_along": ["keys"]}
    assert as_lines(plan) == ["phone off", "call Lan (Lan)", "keys"]
    assert TITLE == "Ghi chú"
