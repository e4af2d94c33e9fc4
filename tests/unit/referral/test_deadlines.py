"""Which clock counts, and from when."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.referral.deadlines import Due, due_times, is_raised
from shared.sop.model import BasisKind, ClockPhase, ClockRule, ClockStart, ClockUnit, Urgency
from tests.support.builders import NOON, a_clock, a_service, a_sop

HOUR = timedelta(hours=1)


def due(
    *clocks: ClockRule,
    phase: ClockPhase = ClockPhase.ACKNOWLEDGE,
    urgency: Urgency = Urgency.PROMPT,
    incident_at: datetime | None = None,
    **more: Any,
) -> Due | None:
    """Return the limit of one phase for a service of urgency `prompt` (16 hours by its level) with these clocks."""
    service = a_service(clocks=clocks)
    found = due_times(
        a_sop(services=(service,)), service, urgency=urgency, sent_at=NOON, incident_at=incident_at, **more
    )
    return found.get(phase)


def test_where_the_service_sets_no_clock_the_level_counts() -> None:
    assert due() == Due("U2.acknowledge", NOON + 16 * HOUR)


def test_an_earlier_clock_of_the_service_counts() -> None:
    assert due(a_clock(id="own", amount=2)) == Due("own", NOON + 2 * HOUR)


def test_the_services_own_clock_replaces_the_levels_even_when_it_is_later() -> None:
    assert due(a_clock(id="own", amount=20)) == Due("own", NOON + 20 * HOUR)


def test_a_raised_urgency_brings_the_levels_clock_beside_a_later_policy_clock() -> None:
    assert due(a_clock(id="own", amount=20), urgency=Urgency.URGENT) == Due("U1.acknowledge", NOON + 4 * HOUR)


def test_a_statutory_clock_counts_even_when_it_is_later_than_the_level() -> None:
    assert due(a_clock(id="own", amount=20, kind=BasisKind.STAT)) == Due("own", NOON + 20 * HOUR)


def test_of_several_clocks_on_one_phase_the_earliest_counts() -> None:
    clocks = (a_clock(id="late", amount=30, kind=BasisKind.STAT), a_clock(id="early", amount=20))
    assert due(*clocks) == Due("early", NOON + 20 * HOUR)


def test_a_raised_urgency_brings_its_own_clock_beside_a_statutory_one() -> None:
    own = a_clock(id="own", amount=20, kind=BasisKind.STAT)
    assert due(own, urgency=Urgency.URGENT) == Due("U1.acknowledge", NOON + 4 * HOUR)


def test_a_raised_urgency_does_not_loosen_an_earlier_statutory_clock() -> None:
    own = a_clock(id="own", amount=1, kind=BasisKind.STAT)
    assert due(own, urgency=Urgency.URGENT) == Due("own", NOON + HOUR)


def test_a_lowered_urgency_does_not_move_a_statutory_clock() -> None:
    own = a_clock(id="own", amount=20, kind=BasisKind.STAT)
    assert due(own, urgency=Urgency.PLANNED) == Due("own", NOON + 20 * HOUR)


def test_a_phase_without_clock_has_no_limit() -> None:
    assert due(phase=ClockPhase.COMPLETE) is None


WINDOW = a_clock(id="pep", phase=ClockPhase.COMPLETE, start=ClockStart.INCIDENT, amount=72, kind=BasisKind.CLIN)


@pytest.mark.rule("E6")
def test_a_clinical_window_runs_from_the_incident() -> None:
    found = due(WINDOW, phase=ClockPhase.COMPLETE, incident_at=NOON - 70 * HOUR)
    assert found == Due("pep", NOON + 2 * HOUR)


def test_a_clinical_window_that_has_closed_is_shown_as_closed() -> None:
    found = due(WINDOW, phase=ClockPhase.COMPLETE, incident_at=NOON - 80 * HOUR)
    assert found == Due("pep", NOON - 8 * HOUR)


@pytest.mark.rule("E6")
def test_an_unknown_or_future_incident_does_not_stretch_the_window() -> None:
    closed = Due("pep", NOON + 72 * HOUR)
    assert due(WINDOW, phase=ClockPhase.COMPLETE) == closed
    assert due(WINDOW, phase=ClockPhase.COMPLETE, incident_at=NOON + 24 * HOUR) == closed


def test_a_clock_that_starts_on_acceptance_waits_for_it() -> None:
    own = a_clock(id="own", phase=ClockPhase.COMPLETE, start=ClockStart.ACCEPTED, amount=3)
    assert due(own, phase=ClockPhase.COMPLETE) is None
    found = due(own, phase=ClockPhase.COMPLETE, accepted_at=NOON + HOUR)
    assert found == Due("own", NOON + 4 * HOUR)


def test_a_remote_area_has_the_longer_limit_where_the_rule_gives_one() -> None:
    own = a_clock(id="own", amount=30, unit=ClockUnit.MINUTES, remote=60)
    assert due(own) == Due("own", NOON + HOUR / 2)
    assert due(own, remote_area=True) == Due("own", NOON + HOUR)
    assert due(a_clock(id="own"), remote_area=True) == Due("own", NOON + HOUR)


def test_only_a_more_urgent_level_is_raised() -> None:
    service = a_service(urgency=Urgency.PROMPT)
    assert [is_raised(service, urgency) for urgency in Urgency] == [True, True, False, False, False]
