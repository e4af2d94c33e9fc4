"""Clocks of a sector's casework: never later, shown live, told once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.police.profile import PROFILE
from shared.agency.adapters.store import SqlStore
from shared.agency.notifying import Notifier
from shared.agency.records import Notification, SectorClock, Webhook
from shared.agency.sector.clocks import ClockWatch, clocks_of, shown_clocks, start_clock, stop_clock
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.clock import ManualClock
from shared.kernel.identifiers import Uuid7Factory
from shared.sop.loader import load_sop
from shared.sop.sector_rules import read_sector_rules
from tests.support.casework import a_referral

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RULE = "VN-DV-05"
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    made = SqlStore(f"sqlite:///{tmp_path / 'agency.db'}")
    yield made
    made.close()


def rulebook() -> Rulebook:
    return Rulebook(read_sector_rules(PROFILE.rules, load_sop()), load_sop())


async def started(store: SqlStore, *, due_at: datetime) -> None:
    await store.write(lambda desk: start_clock(desk, "r1", "order1", RULE, started_at=NOW, due_at=due_at))


async def only(store: SqlStore) -> SectorClock:
    clocks = await store.read(lambda reading: clocks_of(reading, "r1"))
    assert len(clocks) == 1
    return clocks[0]


async def test_a_clock_never_moves_later_and_may_move_earlier(store: SqlStore) -> None:
    for hours in (12, 24, 6):
        await started(store, due_at=NOW + hours * HOUR)
    assert (await only(store)).due_at == "2026-11-22T14:00:00.000Z"


@pytest.mark.parametrize(
    ("stopped_after", "now_after", "state", "left"),
    [(None, 1, "running", 11 * 3600), (None, 13, "missed", -3600), (2, 13, "met", None), (13, 14, "met_late", None)],
)
async def test_a_clock_says_how_it_stands(
    store: SqlStore, stopped_after: int | None, now_after: int, state: str, left: int | None
) -> None:
    await started(store, due_at=NOW + 12 * HOUR)
    if stopped_after is not None:
        at = NOW + stopped_after * HOUR
        await store.write(lambda desk: stop_clock(desk, "order1", RULE, at=at))
    (shown,) = shown_clocks([await only(store)], rulebook(), at=NOW + now_after * HOUR)
    assert (shown["state"], shown["seconds_left"], shown["kind"]) == (state, left, "STAT")


async def test_a_clock_that_ran_out_is_told_once_and_one_that_was_stopped_never(store: SqlStore) -> None:
    clock = ManualClock(NOW)
    notifier = Notifier("urn:test", clock=clock, ids=Uuid7Factory(clock))
    webhook = Webhook(webhook_id="w", client_id="c", url="https://p.test", secret="s", types=[], created_at="")
    notifier.know([webhook])
    watch = ClockWatch(store, notifier, clock)
    await started(store, due_at=NOW + HOUR)
    await store.write(lambda desk: start_clock(desk, "r1", "order2", RULE, started_at=NOW, due_at=NOW + HOUR))
    await store.write(lambda desk: stop_clock(desk, "order2", RULE, at=NOW))
    assert await watch.once() == 0
    clock.advance(2 * HOUR)
    assert [await watch.once(), await watch.once()] == [1, 0]
    told = await store.read(lambda reading: reading.find(Notification, webhook_id="w"))
    assert len(told) == 1
    assert '"type": "clock.missed"' in told[0].body


@pytest.mark.parametrize(("changes", "told"), [({}, 1), ({"wrapped_key": None}, 0), ({"state": "declined"}, 0)])
async def test_she_may_still_be_there_after_a_referral_was_completed(
    store: SqlStore, changes: dict[str, Any], told: int
) -> None:
    clock = ManualClock(NOW)
    notifier = Notifier("urn:test", clock=clock, ids=Uuid7Factory(clock))
    notifier.know([Webhook(webhook_id="w", client_id="c", url="https://p.test", secret="s", types=[], created_at="")])
    referral = replace(a_referral("r1"), state="completed")
    await store.write(lambda desk: desk.add(replace(referral, **changes)))
    await started(store, due_at=NOW + HOUR)
    clock.advance(2 * HOUR)
    await ClockWatch(store, notifier, clock).once()
    assert len(await store.read(lambda reading: reading.find(Notification, webhook_id="w"))) == told
