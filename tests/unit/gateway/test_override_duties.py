"""What is owed after a disclosure without consent, by when, and where it stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.override import ENDS_ACCESS, Act, Duty, Override, OverrideState, Review, override_of
from shared.consent.request import OtherBasis
from shared.kernel.clock import to_wire
from shared.sop.loader import load_sop
from shared.sop.model import LegalBasisKind
from tests.support.clocked import a_referral

MADE = datetime(2027, 2, 4, 9, 0, tzinfo=UTC)  # two days before Tet
HOUR = timedelta(hours=1)
RULES = load_sop().overrides
OTHERS = sorted(frozenset(LegalBasisKind) - {LegalBasisKind.CONSENT})


def an_override(kind: LegalBasisKind = LegalBasisKind.VITAL_INTEREST, *, notify_unsafe: bool = False) -> Override:
    basis = OtherBasis(kind=kind, article="Art 19", approver="duty-1", notify_unsafe=notify_unsafe)
    return override_of(a_referral(received_at=MADE), basis, sector="health", rules=RULES)


def after(hours: int) -> str:
    return to_wire(MADE + hours * HOUR)


def an_act(hours: int) -> Act:
    return Act(actor="duty-2", stated_at=after(hours), at=after(hours), ledger_index=7)


def a_review(hours: int) -> Review:
    return Review(body="oversight-th", at=after(hours), outcome="partly", measures=(), ledger_index=8)


def test_the_limits_are_policy_and_cited_as_policy() -> None:
    limits = [RULES.confirmation, RULES.access, RULES.telling, RULES.review]
    assert {(limit.basis.kind.value, limit.basis.is_law) for limit in limits} == {("POL", False)}
    assert (RULES.smallest_published, RULES.publishing_basis.kind.value) == (11, "STD")
    assert (RULES.rounded_to, RULES.least_agencies, RULES.rounding_basis.is_law) == (5, 3, False)


def test_the_limits_run_by_the_clock_also_over_tet() -> None:
    made = an_override()
    assert made.confirm_due_at == after(24)
    assert made.access_ends_at == made.ends_at == made.tell_due_at == after(72)
    assert made.review_due_at == after(7 * 24)


@pytest.mark.parametrize("kind", OTHERS)
def test_only_break_glass_needs_a_second_person_and_every_ground_a_review(kind: LegalBasisKind) -> None:
    made = an_override(kind)
    second_person = kind is LegalBasisKind.VITAL_INTEREST
    assert (made.confirm_due_at is not None, made.ends_at is not None) == (second_person, second_person)
    assert made.duties()[Duty.REVIEW].due_at == after(168)
    assert made.state is (OverrideState.UNCONFIRMED if second_person else OverrideState.AWAITING_REVIEW)


def test_telling_is_due_unless_it_is_unsafe() -> None:
    assert an_override().duties()[Duty.TELLING].due_at == after(72)
    assert an_override(notify_unsafe=True).duties()[Duty.TELLING].due_at is None
    assert an_override(notify_unsafe=True).overdue(at=after(1000)) == (Duty.CONFIRMATION, Duty.REVIEW)


def test_a_duty_is_overdue_only_after_its_last_moment() -> None:
    made = an_override()
    assert made.overdue(at=after(24)) == ()
    assert made.overdue(at=to_wire(MADE + 24 * HOUR + timedelta(milliseconds=1))) == (Duty.CONFIRMATION,)
    assert made.overdue(at=after(169)) == (Duty.CONFIRMATION, Duty.TELLING, Duty.REVIEW)


def test_confirmation_keeps_access_and_the_review_ends_the_matter() -> None:
    confirmed = replace(an_override(), confirmation=an_act(10))
    assert (confirmed.state, confirmed.ends_at) == (OverrideState.AWAITING_REVIEW, None)
    reviewed = replace(confirmed, review=a_review(20))
    assert reviewed.state is OverrideState.REVIEWED


def test_a_review_does_not_stop_access_from_ending_unconfirmed() -> None:
    reviewed = replace(an_override(), review=a_review(20))
    assert (reviewed.state, reviewed.ends_at) == (OverrideState.REVIEWED, after(72))


def test_once_access_has_ended_there_is_nothing_left_to_confirm_but_a_review_is_owed() -> None:
    ended = replace(an_override(), ended_at=after(72), telling=an_act(1))
    assert (ended.state, ended.ends_at) == (OverrideState.ENDED, None)
    assert ended.overdue(at=after(1000)) == (Duty.REVIEW,)


def test_done_in_time_done_late_and_not_done_are_told_apart() -> None:
    assert replace(an_override(), confirmation=an_act(24)).duties()[Duty.CONFIRMATION].in_time is True
    assert replace(an_override(), confirmation=an_act(25)).duties()[Duty.CONFIRMATION].in_time is False
    assert an_override().duties()[Duty.CONFIRMATION].in_time is None


@pytest.mark.parametrize("actor", ["duty-1", "DUTY-1", "Duty-1"])
def test_capitals_make_no_second_person(actor: str) -> None:
    assert an_override().is_same_person(actor)
    assert not an_override().is_same_person("duty-2")


def test_the_measure_that_ends_access_is_in_the_procedure() -> None:
    assert ENDS_ACCESS in RULES.measures
