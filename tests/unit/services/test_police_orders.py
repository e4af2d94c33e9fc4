"""No-contact orders: who decides, for how long, on whose wish, and with which reasons."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.police.profile import PROFILE
from services.police.rules.objections import Objection
from services.police.rules.orders import (
    AskedBy,
    CancelFor,
    Cancelled,
    Decided,
    Office,
    PlaceKind,
    Span,
    after_months,
    badly_cancelled,
    badly_completed,
    badly_decided,
    betrays_a_shelter,
    contact_not_allowed,
    contact_prolonged,
    ex_officio,
    is_over,
    not_hers_to_cancel,
    not_theirs_to_decide,
    too_long,
)
from services.police.rules.reports import Found, badly_answered, not_her_decision, without_rights
from services.police.rules.verification import Lead, wrongly_led
from shared.sop.loader import load_sop
from shared.sop.model import BasisKind
from shared.sop.sector_rules import read_sector_rules

SIGNED = datetime(2026, 11, 20, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = read_sector_rules(Path(PROFILE.rules), load_sop())


def codes(objections: Iterable[Objection]) -> list[str]:
    return [one.code for one in objections]


def length(office: Office, *, ends: datetime) -> list[str]:
    limit = RULES.rules["VN-DV-06"].limit
    assert limit is not None
    months = RULES.rules["VN-DV-09"].most
    assert months is not None
    return codes(too_long(Span(office, SIGNED, ends), commune_until=limit.after(SIGNED), court_months=months))


@pytest.mark.rule("E4")
@pytest.mark.parametrize("life_threat", [False, True])
@pytest.mark.parametrize("consented", [False, True])
@pytest.mark.parametrize("asked_by", AskedBy)
def test_an_agency_asks_with_her_consent_and_without_it_only_where_her_life_is_threatened(
    asked_by: AskedBy, consented: bool, life_threat: bool
) -> None:
    answer = ex_officio(asked_by, consented=consented, life_threat=life_threat)
    alone = asked_by is AskedBy.AGENCY and not consented
    assert isinstance(answer, Objection) is (alone and not life_threat)
    assert (answer is True) is (alone and life_threat)


@pytest.mark.rule("R-28")
@pytest.mark.parametrize("reasons", [None, "", "   \n"])
def test_an_order_is_refused_with_written_reasons_or_not_at_all(reasons: str | None) -> None:
    assert codes(badly_decided(Decided.REFUSED, has_order=False, reasons=reasons)) == ["police.reasons-missing"]
    assert codes(badly_cancelled(Cancelled.UPHELD, reasons=reasons)) == ["police.reasons-missing"]


def test_a_decision_says_one_thing() -> None:
    assert codes(badly_decided(Decided.GRANTED, has_order=False, reasons=None)) == ["police.order-text"]
    assert codes(badly_decided(Decided.REFUSED, has_order=True, reasons="because")) == ["police.order-text"]
    assert codes(badly_decided(Decided.GRANTED, has_order=True, reasons="because")) == ["police.order-text"]
    assert not codes(badly_decided(Decided.GRANTED, has_order=True, reasons=None))
    assert not codes(badly_decided(Decided.REFUSED, has_order=False, reasons="because"))


@pytest.mark.parametrize("office", Office)
def test_the_police_decide_no_order(office: Office) -> None:
    may = frozenset({Office.COMMUNE_CHAIR, Office.COURT})
    assert bool(codes(not_theirs_to_decide(office, may=may))) is (office not in may)


def test_a_commune_order_ends_within_three_days_of_its_signature_to_the_millisecond() -> None:
    ends = SIGNED + timedelta(days=3)
    assert length(Office.COMMUNE_CHAIR, ends=ends) == []
    assert length(Office.COMMUNE_CHAIR, ends=ends + timedelta(milliseconds=1)) == ["police.order-too-long"]
    assert "police.times" in length(Office.COMMUNE_CHAIR, ends=SIGNED)


def test_a_court_order_ends_within_four_months() -> None:
    ends = datetime(2027, 3, 20, 3, tzinfo=UTC)
    assert length(Office.COURT, ends=ends) == []
    assert length(Office.COURT, ends=ends + timedelta(milliseconds=1)) == ["police.order-too-long"]


@given(st.integers(0, 24 * 365 * 20), st.integers(0, 24))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(hours: int, months: int) -> None:
    begun = SIGNED + hours * HOUR
    later = after_months(begun, months)
    local = begun.astimezone(later.tzinfo)
    assert (later.year * 12 + later.month) - (local.year * 12 + local.month) == months
    assert later.day <= local.day
    assert later.day == local.day or (later + timedelta(days=1)).day == 1


@pytest.mark.rule("R-18")
def test_a_shelter_is_never_written_into_a_zone() -> None:
    kinds = [PlaceKind.HOME, PlaceKind.SHELTER]
    assert list(betrays_a_shelter(kinds)) == [Objection("police.zone-shelter", "/order/zone/1/kind")]
    assert not codes(betrays_a_shelter([PlaceKind.HOME, PlaceKind.WORK, PlaceKind.SCHOOL]))


@pytest.mark.rule("E4")
def test_she_can_have_an_order_cancelled_that_was_made_without_her() -> None:
    assert not codes(not_hers_to_cancel(CancelFor.SHE_DISAGREES, made_without_her=True))
    assert codes(not_hers_to_cancel(CancelFor.SHE_DISAGREES, made_without_her=False)) == ["police.cancel-ground"]
    assert not codes(not_hers_to_cancel(CancelFor.SHE_ASKS, made_without_her=False))


def test_an_order_is_over_when_it_ended_or_was_cancelled() -> None:
    ends = SIGNED + timedelta(days=3)
    assert not is_over(ends, cancelled=False, now=ends)
    assert is_over(ends, cancelled=False, now=ends + timedelta(milliseconds=1))
    assert is_over(ends, cancelled=True, now=SIGNED)


def contact(*, ends: datetime, signed: datetime | None = SIGNED - HOUR, written: bool = True) -> list[str]:
    limit = RULES.rules["VN-DV-11"].limit
    assert limit is not None
    most = limit.after(SIGNED)
    return codes(contact_not_allowed(begins=SIGNED, ends=ends, most_until=most, signed_at=signed, written=written))


def test_exceptional_contact_is_announced_signed_first_and_lasts_four_hours_at_most() -> None:
    assert contact(ends=SIGNED + 4 * HOUR) == []
    assert contact(ends=SIGNED + 4 * HOUR + timedelta(milliseconds=1)) == ["police.contact-too-long"]
    assert contact(ends=SIGNED + HOUR, signed=None) == ["police.contact-unsigned"]
    assert contact(ends=SIGNED + HOUR, signed=SIGNED + timedelta(milliseconds=1)) == ["police.contact-unsigned"]
    assert contact(ends=SIGNED + HOUR, written=False) == ["police.contact-notice"]
    assert contact(ends=SIGNED) == ["police.times"]


@pytest.mark.parametrize(
    ("after", "joined"), [(-4, True), (0, True), (3, True), (4, True), (4.01, False), (-4.01, False)]
)
def test_contacts_that_overlap_or_adjoin_are_one_that_is_too_long(after: float, joined: bool) -> None:
    begins, length = datetime(2026, 11, 21, 8, tzinfo=UTC), timedelta(hours=4)
    next_one = begins + timedelta(hours=after)
    found = codes(contact_prolonged(next_one, next_one + length, [(begins, begins + length)]))
    assert found == (["police.contact-prolonged"] if joined else [])


@pytest.mark.rule("R-28")
@pytest.mark.parametrize(
    ("outcome", "objection"),
    [
        ("granted", "police.order-undecided"),
        ("granted_then_cancelled", "police.order-undecided"),
        ("refused", "police.reasons-missing"),
        ("completed_full", "police.order-undecided"),
        ("completed_partial", "police.order-undecided"),
        ("not_eligible_after_assessment", "police.order-undecided"),
        ("survivor_declined", None),
        ("closed_consent_withdrawn", None),
        ("unable_to_contact", None),
    ],
)
def test_nothing_says_yes_or_no_in_place_of_the_chair_and_she_may_take_it_back(
    outcome: str, objection: str | None
) -> None:
    undecided = codes(badly_completed(outcome, asked=True, decided=False, granted=False, explained=False))
    assert undecided[:1] == ([] if objection is None else [objection])


@pytest.mark.rule("R-28")
def test_an_outcome_says_of_an_order_what_the_chair_said() -> None:
    says = {
        "granted": True,
        "granted_then_cancelled": True,
        "completed_full": True,
        "refused": False,
        "not_eligible_after_assessment": False,
    }
    for granted in (True, False):
        for outcome, yes in says.items():
            found = codes(badly_completed(outcome, asked=True, decided=True, granted=granted, explained=True))
            assert found == ([] if yes is granted else ["police.outcome-differs"]), outcome
    assert not codes(badly_completed("completed_full", asked=False, decided=False, granted=False, explained=False))


@pytest.mark.rule("R-10")
def test_an_adult_decides_herself_whether_to_report() -> None:
    assert codes(not_her_decision(own_decision=False, by_duty=False, child=False)) == ["police.report-her-decision"]
    assert not codes(not_her_decision(own_decision=False, by_duty=True, child=False))
    assert not codes(not_her_decision(own_decision=False, by_duty=False, child=True))
    assert codes(without_rights(rights_told=False)) == ["police.report-rights"]


def test_a_report_that_opens_no_case_is_answered_with_reasons_and_a_way_to_complain() -> None:
    assert codes(badly_answered(Found.NOT_OPENED, reasons=" ", complaint_told=True)) == ["police.report-reasons"]
    assert codes(badly_answered(Found.NOT_OPENED, reasons="none", complaint_told=False)) == ["police.report-reasons"]
    assert not codes(badly_answered(Found.NOT_OPENED, reasons="none", complaint_told=True))
    assert not codes(badly_answered(Found.CASE_OPENED, reasons=None, complaint_told=False))


@pytest.mark.parametrize("lead", Lead)
def test_only_the_provincial_health_authority_leads_a_verification(lead: Lead) -> None:
    assert bool(codes(wrongly_led(lead))) is (lead is not Lead.PROVINCIAL_HEALTH)


def test_the_numbers_of_the_law_stand_with_their_basis() -> None:
    assert {one: RULES.rules[one].most for one in ("VN-DV-09", "VN-DV-10", "VN-CR-04")} == {
        "VN-DV-09": 4,
        "VN-DV-10": 100,
        "VN-CR-04": 2,
    }
    assert all(rule.basis.kind is BasisKind.STAT for key, rule in RULES.rules.items() if key.startswith("VN-"))
