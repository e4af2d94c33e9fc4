"""Who has legal aid, and what is missing: answered at once, and never for want of an identity paper."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.legal_aid.rules.eligibility import (
    OF_HER_HEALTH,
    Decision,
    Group,
    Hardship,
    Missing,
    Paper,
    Request,
    Status,
    answered,
    is_urgent,
    opened_by,
)
from shared.sop.loader import load_sop

ADULT = Request(
    age_band="adult",
    groups=frozenset(),
    domestic_violence=True,
    hardship=Hardship.NOT_ASKED,
    status=Status.NONE,
    papers=frozenset({Paper.REQUEST, Paper.CASE_PAPERS}),
    urgent=False,
)


def decided(**changes: Any) -> tuple[Decision, set[Missing]]:
    answer = answered(replace(ADULT, **changes))
    return answer.decision, set(answer.missing)


@pytest.mark.rule("E1")
def test_domestic_violence_alone_is_asked_for_hardship_before_anything_is_decided() -> None:
    assert decided() == (Decision.INCOMPLETE, {Missing.HARDSHIP_STATEMENT})


@pytest.mark.rule("E1")
def test_her_own_word_on_hardship_is_enough_and_its_proof_follows() -> None:
    assert decided(hardship=Hardship.SELF_DECLARED) == (Decision.PAPERS_FOLLOW, {Missing.PROOF_OF_HARDSHIP})


@pytest.mark.rule("E1")
def test_without_hardship_domestic_violence_alone_opens_information_only() -> None:
    assert decided(hardship=Hardship.NONE) == (Decision.INFORMATION_ONLY, set())


@pytest.mark.rule("E1", "E5")
@pytest.mark.parametrize("status", [Status.POSSIBLE, Status.IN_PROCESS, Status.RECOGNISED, Status.ACCOMPANYING_MINOR])
def test_a_trafficked_person_is_asked_nothing_about_her_means(status: Status) -> None:
    assert decided(status=status, hardship=Hardship.NONE) == (Decision.COMPLETE, set())


@pytest.mark.parametrize("age_band", ["under_6", "6_11", "12_15", "16_17", "unknown"])
def test_nobody_under_18_nor_of_unknown_age_is_asked_about_means(age_band: str) -> None:
    assert decided(age_band=age_band, hardship=Hardship.NONE) == (Decision.COMPLETE, set())


def test_what_is_missing_is_said_exactly() -> None:
    poor = {"groups": frozenset({Group.POOR_HOUSEHOLD}), "domestic_violence": False}
    assert decided(**poor, papers=frozenset()) == (
        Decision.INCOMPLETE,
        {Missing.REQUEST, Missing.PROOF_OF_GROUP, Missing.CASE_PAPERS},
    )
    assert decided(**poor, papers=frozenset(Paper)) == (Decision.COMPLETE, set())


def test_in_haste_every_paper_may_follow() -> None:
    decision, missing = decided(status=Status.POSSIBLE, papers=frozenset(), urgent=True)
    assert (decision, missing) == (Decision.PAPERS_FOLLOW, {Missing.REQUEST, Missing.CASE_PAPERS})


REQUESTS = st.builds(
    Request,
    age_band=st.sampled_from(["adult", "unknown", "16_17"]),
    groups=st.frozensets(st.sampled_from(Group)),
    domestic_violence=st.booleans(),
    hardship=st.sampled_from(Hardship),
    status=st.sampled_from(Status),
    papers=st.frozensets(st.sampled_from(Paper)),
    urgent=st.booleans(),
)


@pytest.mark.rule("R-08")
@given(REQUESTS)
def test_no_identity_paper_residence_paper_or_police_report_is_ever_missing(request: Request) -> None:
    forbidden = {code for code, one in load_sop().decline_reasons.items() if one.forbidden}
    answer = answered(request)
    assert forbidden.isdisjoint(answer.missing)
    assert bool(answer.missing) is (answer.decision in {Decision.INCOMPLETE, Decision.PAPERS_FOLLOW})
    assert not (request.urgent and answer.groups and answer.decision is Decision.INCOMPLETE)


TODAY = date(2026, 11, 23)
FIFTH = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "urgent"),
    [(TODAY, True), (date(2026, 11, 27), True), (FIFTH, False), (TODAY - timedelta(days=1), False), (None, False)],
)
def test_urgent_is_less_than_five_working_days_and_not_over_yet(day: date | None, urgent: bool) -> None:
    assert is_urgent(day, today=TODAY, fifth_working_day=FIFTH) is urgent


@pytest.mark.rule("E5")
def test_only_a_recognised_victim_is_told_of_the_allowance() -> None:
    assert {status for status in Status if "SOC-11" in opened_by(status)} == {Status.RECOGNISED}
    assert "SOC-05" in opened_by(Status.IN_PROCESS)
    assert opened_by(Status.NONE) == opened_by(Status.NOT_RECOGNISED) == ()


def test_every_group_and_status_of_the_procedure_is_known() -> None:
    facts = load_sop().facts
    told = set(Group) - OF_HER_HEALTH - {Group.DOMESTIC_VIOLENCE}
    assert set(facts["legal_aid_group"].values) == {"another", *(group.value for group in told)}
    assert set(facts["trafficking_status"].values) == {status.value for status in Status} - {"none"}
    assert all(code in load_sop().services for status in Status for code in opened_by(status))
