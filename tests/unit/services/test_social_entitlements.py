"""What a status gives: help in the meantime for everybody, the allowance for recognised victims."""

import pytest

from services.social.messages.trafficking import ReceptionRequest
from services.social.rules.entitlements import (
    DECIDED,
    Decider,
    Given,
    Status,
    Support,
    entitlements,
    may_say,
    offers,
    refused,
)

MEANWHILE = {Support.ESSENTIAL_NEEDS, Support.MEDICAL, Support.PSYCHOLOGICAL, Support.INTERPRETER, Support.LEGAL_AID}
ONLY_VICTIMS = {Support.HARDSHIP_ALLOWANCE, Support.LOAN}


def given(status: Status) -> dict[Support, Given]:
    return {one.support: one.given for one in entitlements(status)}


def test_a_recognised_victim_is_given_everything() -> None:
    assert given(Status.RECOGNISED) == dict.fromkeys(Support, Given.YES)


@pytest.mark.rule("E5")
@pytest.mark.parametrize("status", [Status.POSSIBLE, Status.IN_PROCESS, Status.ACCOMPANYING_MINOR])
def test_meanwhile_she_has_what_she_needs_and_no_allowance(status: Status) -> None:
    assert {support for support, one in given(status).items() if one is Given.YES} == MEANWHILE
    assert all(refused(status, support) is None for support in MEANWHILE)
    assert refused(status, Support.HARDSHIP_ALLOWANCE) == "social.allowance-not-yet"
    assert refused(status, Support.LOAN) == "social.support-other"
    assert refused(Status.RECOGNISED, Support.HARDSHIP_ALLOWANCE) is None


def test_what_was_not_seen_in_the_text_is_not_said_to_be_law() -> None:
    assert given(Status.ACCOMPANYING_MINOR)[Support.HEALTH_INSURANCE] is Given.TO_CHECK
    assert given(Status.ACCOMPANYING_MINOR)[Support.EDUCATION_AND_TRAINING] is Given.PARTLY
    unseen = {one.support for one in entitlements(Status.RECOGNISED) if one.rule == "SOC-TR-UNSEEN"}
    assert unseen == {Support.PSYCHOLOGICAL, Support.INTERPRETER, Support.EDUCATION_AND_TRAINING}


def test_who_is_not_recognised_is_given_nothing_by_this_table_and_an_unsaid_status_is_asked_for() -> None:
    assert set(given(Status.NOT_RECOGNISED).values()) == {Given.NO}
    assert refused(None, Support.ESSENTIAL_NEEDS) == "social.status-unsaid"


@pytest.mark.parametrize("status", Status)
def test_only_an_authority_says_whether_she_is_a_victim(status: Status) -> None:
    assert may_say(status, Decider.RECEPTION) is (status not in DECIDED)
    assert may_say(status, Decider.PROVINCIAL_HEALTH_AND_POLICE)


@pytest.mark.rule("R-14")
def test_non_punishment_is_offered_where_an_offence_or_her_papers_matter() -> None:
    assert "LEG-07" in offers(Status.POSSIBLE, offence_or_immigration=True)
    assert "LEG-07" not in offers(Status.POSSIBLE, offence_or_immigration=False)


def test_nothing_asks_whether_she_helps_the_police() -> None:
    assert set(ReceptionRequest.model_fields) == {"actor", "status", "offence_or_immigration"}
