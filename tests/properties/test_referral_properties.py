"""What must hold of every lifecycle step and every limit (fact sheet section 11.2: INV-04 to 07, 13)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import Conflict
from shared.referral.blocked import blocked_hash, is_blocked
from shared.referral.chain import ONWARD, as_tree
from shared.referral.deadlines import Due, clock_rules, due_times, is_raised
from shared.referral.lifecycle import check_event_facts, open_events, state_after, transition
from shared.sop.calendar import due_at
from shared.sop.loader import load_sop
from shared.sop.model import (
    ENDS,
    BasisKind,
    ClockPhase,
    ClockRule,
    ClockStart,
    EventType,
    Party,
    ReferralState,
    ServiceType,
    Urgency,
)

SOP = load_sop()
#: What may still happen after an end: closing the loop, sealing off, evidence handed on, an error put right.
AFTER_THE_END = frozenset(
    {EventType.CLOSED, EventType.SEALED, EventType.REVOKED, EventType.RECORDED, EventType.ENTERED_IN_ERROR}
)
FIRM = frozenset({BasisKind.STAT, BasisKind.CLIN})

services = st.sampled_from(sorted(SOP.services)).map(SOP.services.__getitem__)
urgencies = st.sampled_from(Urgency)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)).map(  # noqa: DTZ001 - made aware on the same line
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)
ages = st.integers(0, 200).map(lambda hours: timedelta(hours=hours))


def firm(service: ServiceType, phase: ClockPhase) -> list[ClockRule]:
    """Return the statutory and clinical clocks of one phase that run before acceptance."""
    return [
        rule
        for rule in service.clocks
        if rule.phase is phase and rule.basis.kind in FIRM and rule.start is not ClockStart.ACCEPTED
    ]


@given(st.sampled_from(ReferralState), st.sampled_from(EventType), st.sampled_from(Party))
def test_only_listed_events_move_a_referral_and_none_revives_one_that_ended(
    state: ReferralState, event: EventType, by: Party
) -> None:
    """INV-04."""
    if event not in open_events(SOP, state=state, by=by):
        with pytest.raises(Conflict):
            transition(SOP, state=state, event=event, by=by)
        return
    after = state_after(transition(SOP, state=state, event=event, by=by), state)
    if state in ENDS:
        assert event in AFTER_THE_END
        assert after in ENDS


@given(services, urgencies, moments, st.none() | ages)
def test_a_statutory_or_clinical_limit_never_moves_later_whatever_the_urgency(
    service: ServiceType, urgency: Urgency, sent_at: datetime, age: timedelta | None
) -> None:
    """INV-05."""
    incident_at = None if age is None else sent_at - age
    limits = due_times(SOP, service, urgency=urgency, sent_at=sent_at, incident_at=incident_at)
    starts = {ClockStart.SENT: sent_at, ClockStart.INCIDENT: incident_at or sent_at}
    for phase in ClockPhase:
        for rule in firm(service, phase):
            assert limits[phase].at <= due_at(starts[rule.start], rule.amount, rule.unit)


@given(services, urgencies, moments)
def test_a_raised_urgency_never_gives_more_time(service: ServiceType, urgency: Urgency, sent_at: datetime) -> None:
    if not is_raised(service, urgency):
        return
    own = due_times(SOP, service, urgency=service.urgency, sent_at=sent_at, incident_at=None)
    raised = due_times(SOP, service, urgency=urgency, sent_at=sent_at, incident_at=None)
    assert own.keys() <= raised.keys()
    assert all(
        raised[phase].at <= limit.at for phase, limit in own.items() if phase_is_tighter(phase, urgency, service)
    )


def phase_is_tighter(phase: ClockPhase, urgency: Urgency, service: ServiceType) -> bool:
    """Say whether both levels have a clock for the phase, so that the raised one is the tighter."""
    return all(any(rule.phase is phase for rule in SOP.urgencies[u].clocks) for u in (urgency, service.urgency))


@given(services, urgencies, moments, ages, st.integers(0, 500))
def test_a_clinical_window_does_not_depend_on_when_it_was_sent(
    service: ServiceType, urgency: Urgency, incident_at: datetime, age: timedelta, later: int
) -> None:
    """INV-13: with nothing but its windows, a service has the same limits however late it is asked for."""
    windows = tuple(rule for rule in service.clocks if rule.start is ClockStart.INCIDENT)
    only_windows = replace(service, clocks=windows, urgency=urgency)

    def limits(sent_at: datetime) -> dict[ClockPhase, Due]:
        found = due_times(SOP, only_windows, urgency=urgency, sent_at=sent_at, incident_at=incident_at)
        return {phase: due for phase, due in found.items() if firm(only_windows, phase)}

    assert limits(incident_at + age) == limits(incident_at + age + timedelta(hours=later))


@given(services)
def test_life_at_risk_is_never_paused(service: ServiceType) -> None:
    """INV-06."""
    data = {"reason": "waiting", "review_on": "2026-12-01"}
    found = check_event_facts(
        SOP,
        service=service,
        urgency=Urgency.IMMEDIATE,
        staff_gender_wanted=None,
        event=EventType.ON_HOLD,
        data=data,
    )
    assert "sop.no-pause" in {reason.code for reason in found}


forbidden = st.sampled_from(sorted(code for code, reason in SOP.decline_reasons.items() if reason.forbidden))


@given(services, urgencies, forbidden, st.booleans())
def test_a_forbidden_reason_for_declining_is_always_refused(
    service: ServiceType, urgency: Urgency, code: str, dressed: bool
) -> None:
    """INV-07: whatever else is said with it."""
    data = {"reason": code} | ({"article": "Art 7", "alternative": "peace-house"} if dressed else {})
    found = check_event_facts(
        SOP, service=service, urgency=urgency, staff_gender_wanted="any", event=EventType.DECLINED, data=data
    )
    assert "sop.decline-forbidden" in {reason.code for reason in found}


names = st.text(min_size=1, max_size=20)


@given(names, names, names)
def test_a_blocked_hash_recognises_only_its_own_person_and_case(chain_id: str, who: str, other: str) -> None:
    blocked = {blocked_hash(chain_id, who)}
    assert is_blocked(blocked, chain_id=chain_id, who=[who])
    assert is_blocked(blocked, chain_id=chain_id, who=[other]) is (other == who)


@given(st.lists(st.integers(0, 30), unique=True, max_size=15), st.data())
def test_a_tree_holds_every_referral_once(numbers: list[int], data: st.DataObject) -> None:
    parents = st.none() | st.integers(0, 30).map(str)
    flat = [{"referral_id": str(number), "parent_id": data.draw(parents)} for number in numbers]
    waiting, seen = as_tree(flat), []
    while waiting:
        node = waiting.pop()
        seen.append(node["referral_id"])
        waiting += node[ONWARD]
    assert sorted(seen) == sorted(str(number) for number in numbers)


@given(services, urgencies, moments, ages, st.booleans())
def test_each_limit_is_the_earliest_of_the_clocks_of_its_phase(
    service: ServiceType, urgency: Urgency, sent_at: datetime, age: timedelta, remote_area: bool
) -> None:
    starts = {ClockStart.SENT: sent_at, ClockStart.INCIDENT: sent_at - age}
    found = due_times(
        SOP, service, urgency=urgency, sent_at=sent_at, incident_at=sent_at - age, remote_area=remote_area
    )
    for phase in ClockPhase:
        limits = [
            Due(rule.id, due_at(starts[rule.start], amount, rule.unit))
            for rule in clock_rules(SOP, service, phase=phase, urgency=urgency)
            if rule.start in starts
            for amount in [rule.remote if remote_area and rule.remote is not None else rule.amount]
        ]
        assert found.get(phase) == min(limits, key=lambda due: due.at, default=None)
