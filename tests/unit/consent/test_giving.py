"""How a consent was given: every combination has an answer, a line counts as one, and nothing is lost in writing."""

from datetime import UTC, datetime
from itertools import product

import pytest

from shared.consent.giving import (
    BestInterest,
    Giving,
    Worker,
    giving_document,
    giving_faults,
    is_made_by_two,
    read_giving,
)
from shared.sop.loader import load_sop
from shared.sop.model import AgeBand, Assent, Caregiver, Grantor

AGES = load_sop().ages
AT = datetime(2026, 11, 18, 5, tzinfo=UTC)
SOCIAL, NURSE = Worker("social-4", "social"), Worker("nurse-2", "health")
DECISION = BestInterest((SOCIAL, NURSE), "guardian_absent", AT)
BY_TWO = Giving(grantor=Grantor.BEST_INTEREST_DECISION, assent=Assent.VERBAL, decision=DECISION)


def codes(*line: Giving, age_band: AgeBand | None, guardian_unsafe: bool = False) -> list[str]:
    found = giving_faults(line, age_band=age_band, guardian_unsafe=guardian_unsafe, rules=AGES)
    return [reason.code for reason in found]


def test_every_combination_is_decided_and_cites_its_rule() -> None:
    assents, caregivers = (*Assent, None), (*Caregiver, None)
    for grantor, band, assent, caregiver, unsafe in product(Grantor, AgeBand, assents, caregivers, (True, False)):
        given = Giving(grantor, None, assent, caregiver, DECISION)
        for reason in giving_faults([given], age_band=band, guardian_unsafe=unsafe, rules=AGES):
            assert reason.rule.startswith("age.")
            assert reason.basis


@pytest.mark.parametrize("band", AgeBand)
def test_somebody_may_consent_at_every_age(band: AgeBand) -> None:
    ways = [
        Giving(grantor, None, assent, Caregiver.SAFE, DECISION) for grantor, assent in product(Grantor, (*Assent, None))
    ]
    assert any(not codes(given, age_band=band) for given in ways)


@pytest.mark.parametrize("band", [AgeBand.UNDER_6, AgeBand.FROM_6, AgeBand.FROM_12, AgeBand.UNKNOWN])
def test_a_child_whose_caregiver_is_unsafe_is_not_left_without_help(band: AgeBand) -> None:
    decision = BestInterest((SOCIAL, NURSE), "guardian_unsafe", AT)
    given = Giving(Grantor.BEST_INTEREST_DECISION, None, Assent.UNABLE, Caregiver.UNSAFE, decision)
    assert codes(given, age_band=band, guardian_unsafe=True) == []


def test_without_an_age_only_what_holds_at_every_age_is_checked() -> None:
    assert codes(Giving(), age_band=None) == []
    assert codes(Giving(grantor=Grantor.PARENT, caregiver=Caregiver.UNSAFE), age_band=None) == ["consent.who"]
    assert codes(Giving(grantor=Grantor.BEST_INTEREST_DECISION), age_band=None) == ["consent.decision"]


def test_an_age_that_one_consent_of_the_line_records_counts_for_all_of_it() -> None:
    adult = Giving(age_band=AgeBand.ADULT)
    assert codes(Giving(), adult, age_band=AgeBand.UNKNOWN) == []
    child = Giving(age_band=AgeBand.FROM_6)
    assert codes(Giving(), child, age_band=AgeBand.ADULT) == ["consent.who", "consent.who"]


def test_an_unsafe_caregiver_that_one_consent_of_the_line_records_counts_for_all_of_it() -> None:
    his = Giving(grantor=Grantor.PARENT, assent=Assent.WRITTEN, caregiver=Caregiver.SAFE)
    by_two = Giving(Grantor.BEST_INTEREST_DECISION, None, Assent.WRITTEN, Caregiver.UNSAFE, DECISION)
    assert codes(his, age_band=AgeBand.FROM_12) == []
    assert codes(his, by_two, age_band=AgeBand.FROM_12) == ["consent.who"]


@pytest.mark.parametrize(
    ("workers", "stands"),
    [
        ((SOCIAL, NURSE), True),
        ((SOCIAL, Worker("social-9", "social")), True),
        ((SOCIAL,), False),
        ((SOCIAL, SOCIAL), False),
        ((SOCIAL, Worker("Social-4", "health")), False),
        ((NURSE, Worker("officer-1", "police")), False),
        ((), False),
    ],
)
def test_a_decision_takes_two_people_and_one_of_social_work(workers: tuple[Worker, ...], stands: bool) -> None:
    assert is_made_by_two(BestInterest(workers, "guardian_absent", AT), AGES.best_interest) is stands


@pytest.mark.parametrize("given", [Giving(), BY_TWO, Giving(Grantor.PARENT, AgeBand.FROM_6, Assent.VERBAL)])
def test_what_is_written_down_is_read_back(given: Giving) -> None:
    assert read_giving(giving_document(given)) == given


def test_what_says_nothing_of_who_gave_it_is_her_own_which_no_child_can_give() -> None:
    assert read_giving({}) == Giving()
    assert codes(read_giving({}), age_band=AgeBand.UNKNOWN) == ["consent.who"]
