"""INV-05, INV-06: whatever is asked, held and resumed, a statute and a body wait for nobody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.alarms import FiringKind, began_at, next_clock_at, rule_of, schedule
from gateway.domain.clocks import with_due_times
from gateway.domain.referral import Referral
from shared.kernel.clock import from_wire, to_wire
from shared.sop.calendar import due_at
from shared.sop.model import Alarm, BasisKind, ClockPhase, ClockRule, ClockStart, EventType, ReferralState, Urgency
from tests.support.clocked import SOP, a_referral, after

FIRM = frozenset({BasisKind.STAT, BasisKind.CLIN})
AT_THE_LIMIT = 100
PAUSING = (EventType.INFO_REQUESTED, EventType.INFO_PROVIDED, EventType.ON_HOLD, EventType.RESUMED)

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)).map(  # noqa: DTZ001 - made aware on the same line
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)
ages = st.none() | st.integers(0, 200).map(lambda hours: timedelta(hours=hours))
steps = st.lists(
    st.tuples(st.sampled_from((*PAUSING, EventType.ACCEPTED)), st.integers(0, 60 * 24 * 20), st.dates()), max_size=12
)


@st.composite
def histories(draw: st.DrawFn) -> list[Referral]:
    """A referral after each of some events that pause, resume and accept, in any order and at any time."""
    received = draw(moments)
    age = draw(ages)
    referral = a_referral(
        service=draw(st.sampled_from(sorted(SOP.services))),
        urgency=draw(st.sampled_from(Urgency)),
        received_at=received,
        incident_at=None if age is None else received - age,
        remote_area=draw(st.booleans()),
    )
    found, now = [referral], received
    for event, minutes, day in draw(steps):
        now += timedelta(minutes=minutes)
        if event is EventType.ACCEPTED and referral.clocks.accepted_at is None:
            referral = with_due_times(referral, sop=SOP, accepted_at=now)
        else:
            referral = after(referral, event, at=now, review_on=day.isoformat())
        found.append(referral)
    return found


def firm_limits(referral: Referral, phase: ClockPhase) -> list[datetime]:
    """The limits of the statutory and clinical clocks of one duty, each computed on its own."""
    starts = {
        ClockStart.SENT: referral.received_at,
        ClockStart.INCIDENT: min(referral.incident_at or referral.received_at, referral.received_at),
        ClockStart.ACCEPTED: referral.clocks.accepted_at,
    }
    rules = [r for r in SOP.services[referral.service_type].clocks if r.phase is phase and r.basis.kind in FIRM]
    return [
        due_at(from_wire(start), amount(rule, referral), rule.unit)
        for rule in rules
        if (start := starts[rule.start]) is not None
    ]


def amount(rule: ClockRule, referral: Referral) -> int:
    return rule.remote if referral.remote_area and rule.remote is not None else rule.amount


@given(histories())
def test_no_pause_ever_moves_a_statutory_or_clinical_limit_later(history: list[Referral]) -> None:
    for referral in history:
        for phase, due in referral.due.items():
            assert all(from_wire(due.at) <= limit for limit in firm_limits(referral, phase))


@given(histories())
def test_at_immediate_no_limit_ever_moves_later(history: list[Referral]) -> None:
    if history[0].urgency is not Urgency.IMMEDIATE:
        return
    for earlier, later in pairwise(history):
        assert all(later.due[phase].at <= due.at for phase, due in earlier.due.items())


@given(histories())
def test_a_decision_waits_at_most_half_its_clock_in_all(history: list[Referral]) -> None:
    first = history[0].due[ClockPhase.DECIDE]
    length = from_wire(first.at) - from_wire(history[0].received_at)
    latest = max(from_wire(referral.due[ClockPhase.DECIDE].at) for referral in history)
    assert latest - from_wire(first.at) <= max(length / 2, timedelta(0))


@given(histories())
def test_only_the_decision_and_the_completion_ever_wait(history: list[Referral]) -> None:
    for phase in (ClockPhase.ACKNOWLEDGE, ClockPhase.CONTACT):
        assert all(referral.due[phase] == history[0].due[phase] for referral in history)


@given(histories())
def test_the_next_moment_is_the_first_of_the_schedule_and_nothing_comes_after_the_end(history: list[Referral]) -> None:
    for referral in history:
        planned = schedule(referral, sop=SOP)
        assert next_clock_at(referral, sop=SOP) == (planned[0].at if planned else None)
        assert [firing.kind for firing in planned].index(FiringKind.EXPIRED) == len(planned) - 1


@given(histories(), st.sets(st.sampled_from([alarm.id for level in SOP.urgencies.values() for alarm in level.alarms])))
def test_the_next_moment_is_the_earliest_of_all_alarms_that_were_not_given(
    history: list[Referral], given_ids: set[str]
) -> None:
    for referral in history:
        fired = frozenset(f"{phase.value}.{alarm}" for phase in ClockPhase for alarm in given_ids)
        heard = replace(
            referral, state=ReferralState.ACKNOWLEDGED, clocks=replace(referral.clocks, fired=fired)
        )  # so that it does not end by itself
        moments = [
            from_wire(due.at) if alarm.percent == AT_THE_LIMIT else began + offset(alarm, from_wire(due.at) - began)
            for phase, due in heard.open_duties().items()
            for began in [began_at(heard, rule_of(heard, phase, sop=SOP))]
            for alarm in SOP.urgencies[heard.urgency].alarms
            if phase in alarm.phases and alarm.id not in given_ids
            if alarm.percent == AT_THE_LIMIT or from_wire(due.at) > began
        ]
        assert next_clock_at(heard, sop=SOP) == (to_wire(min(moments)) if moments else None)


def offset(alarm: Alarm, length: timedelta) -> timedelta:
    return length * (alarm.percent or 0) / 100 if alarm.minutes is None else timedelta(minutes=alarm.minutes)


@given(histories())
def test_no_limit_of_a_referral_that_somebody_took_passes_unsaid(history: list[Referral]) -> None:
    for referral in history:
        taken = replace(referral, state=ReferralState.ACKNOWLEDGED)
        said = {(firing.phase, firing.at) for firing in schedule(taken, sop=SOP)}
        assert {(phase, due.at) for phase, due in taken.open_duties().items()} <= said
