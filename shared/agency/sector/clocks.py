"""Clocks of a sector's casework: absolute due times with the rule that made them, shown live and acted on.

A clock starts once; started again it may only become earlier (INV-05): nothing moves a duty of the law, or a clinical
window, to a later time. Clinical windows are counted from the incident (INV-13): whoever starts one passes that time.
Partner systems are told once when a clock has run out and nobody stopped it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from shared.agency.notifying import Notifier
from shared.agency.ports import Desk, Look, Reading, Store
from shared.agency.records import Referral, SectorClock
from shared.agency.sealing_off import WITHOUT_PURPOSE
from shared.agency.sector.casefile import is_sealed_off
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.clock import Clock, from_wire, to_wire

EVERY_SECONDS: Final = 5.0
#: Of how many clocks is told in one round.
AT_ONCE: Final = 200


def start_clock(
    desk: Desk, referral_id: str, target: str, rule: str, *, started_at: datetime, due_at: datetime
) -> SectorClock:
    """Start a clock of a record; one that runs already keeps the earlier of both due times."""
    key = f"{target}/{rule}"
    known = desk.get(SectorClock, key)
    if known is not None:
        earlier = min(known.due_at, to_wire(due_at))
        return known if earlier == known.due_at else desk.change(known, due_at=earlier, told_at=None)
    clock = SectorClock(
        key=key,
        referral_id=referral_id,
        target=target,
        rule=rule,
        started_at=to_wire(started_at),
        due_at=to_wire(due_at),
    )
    desk.add(clock)
    return clock


def stop_clock(desk: Desk, target: str, rule: str, *, at: datetime) -> None:
    """Stop a clock of a record: its duty was done. A clock that was never started stays so."""
    known = desk.get(SectorClock, f"{target}/{rule}")
    if known is not None and known.stopped_at is None:
        desk.change(known, stopped_at=to_wire(at))


def shown_clocks(clocks: Iterable[SectorClock], rulebook: Rulebook, *, at: datetime) -> list[dict[str, Any]]:
    """Return clocks as they stand at a time, what is due first on top; `seconds_left` is negative once it is late."""
    return [_shown(clock, rulebook, at=at) for clock in sorted(clocks, key=lambda clock: (clock.due_at, clock.key))]


def clocks_of(look: Look, referral_id: str) -> list[SectorClock]:
    """Return the clocks of one referral's casework."""
    return list(look.find(SectorClock, referral_id=referral_id))


def _shown(clock: SectorClock, rulebook: Rulebook, *, at: datetime) -> dict[str, Any]:
    basis = rulebook.basis(clock.rule)
    stopped = clock.stopped_at is not None
    end = clock.stopped_at or to_wire(at)
    in_time = end <= clock.due_at
    return {
        "rule": clock.rule,
        "target": clock.target,
        "kind": basis.kind.value,
        "basis": basis.citation,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "stopped_at": clock.stopped_at,
        "state": ("met" if in_time else "met_late") if stopped else ("running" if in_time else "missed"),
        "seconds_left": None if stopped else int((from_wire(clock.due_at) - at).total_seconds()),
    }


class ClockWatch:
    """Tells partner systems of clocks that ran out, a round at a time (`shared.agency.rounds`); each of them once."""

    def __init__(self, store: Store, notifier: Notifier, clock: Clock) -> None:
        self._store = store
        self._notifier = notifier
        self._clock = clock

    async def once(self) -> int:
        """Tell of what ran out; return how many clocks that were."""
        now = to_wire(self._clock.now())
        over = await self._store.read(lambda reading: _over(reading, now))
        if over:
            await self._store.write(lambda desk: self._tell(desk, over, now))
        return len(over)

    def _tell(self, desk: Desk, over: Iterable[tuple[str, bool]], now: str) -> None:
        for key, ended in over:
            clock = desk.get(SectorClock, key)
            if clock is None or clock.stopped_at is not None or clock.told_at is not None:
                continue
            desk.change(clock, told_at=now)
            if not ended:
                self._notifier.tell(desk, "clock.missed", referral_id=clock.referral_id)


def _over(reading: Reading, now: str) -> list[tuple[str, bool]]:
    """Return the keys of clocks that ran out, each with whether its case is over here: then nobody is told.

    A referral that was completed is not over for the casework: she may still be staying, a test may still be due.
    """
    clocks = reading.clocks_over(before=now, limit=AT_ONCE)
    referrals = reading.many(Referral, sorted({clock.referral_id for clock in clocks}))
    over = {one.referral_id for one in referrals if is_sealed_off(one) or one.state in WITHOUT_PURPOSE}
    return [(clock.key, clock.referral_id in over) for clock in clocks]
