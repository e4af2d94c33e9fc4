"""What two processes write to one PostgreSQL database: one after the other, and one that froze holds nobody up."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from gateway.adapters.core import Core, open_records
from gateway.adapters.desk import SqlDesk
from gateway.adapters.found_by import messages_of
from gateway.adapters.releases import Releases
from gateway.adapters.tables import LEDGER_HEAD, MESSAGES, is_unsettled
from shared.kernel.clock import ManualClock, to_wire
from shared.kernel.errors import NotAuthenticated
from shared.people.records import Account
from shared.people.store import PeopleDesk
from shared.sop.indicators import load_indicators
from shared.storage import engine
from tests.support.clocked import hanoi
from tests.support.mesh import HEALTH, SOCIAL, keys_of
from tests.support.page_client import PASSWORD
from tests.support.people import Entry, entry

NOW = hanoi("2026-11-20 09:00")


@pytest.fixture
def doors(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Entry, Entry]]:
    """The entrances of two replicas."""
    with entry(tmp_path, url=postgres_url) as first, entry(tmp_path, url=postgres_url) as second:
        yield first, second


async def test_account_is_changed_by_one_process_at_a_time(doors: tuple[Entry, Entry]) -> None:
    account = await doors[0].somebody()
    has_read, may_write = threading.Event(), threading.Event()

    def wrong_try(desk: PeopleDesk, *, waits: bool) -> None:
        known = desk.get(Account, account.account_id)
        assert known is not None
        if waits:
            has_read.set()
            assert may_write.wait(20)
        desk.change(known, failures=known.failures + 1)

    slow = asyncio.create_task(doors[0].store.write(lambda desk: wrong_try(desk, waits=True)))
    await asyncio.to_thread(has_read.wait, 20)
    quick = asyncio.create_task(doors[1].store.write(lambda desk: wrong_try(desk, waits=False)))
    await asyncio.wait([quick], timeout=0.3)  # as long as it would take, were it not held back
    may_write.set()
    await asyncio.gather(slow, quick)
    assert (await doors[0].now(account)).failures == 2


async def test_code_from_a_telephone_counts_once_over_all(doors: tuple[Entry, Entry]) -> None:
    first, second = doors
    account = await first.somebody()
    code = first.code(await first.with_telephone(account))
    token, person = await first.door.sign_in("mai", PASSWORD, code=code)
    assert (await second.door.known(token)).account == person.account
    with pytest.raises(NotAuthenticated):
        await second.door.sign_in("mai", PASSWORD, code=code)
    await second.door.sign_out(token)
    with pytest.raises(NotAuthenticated):
        await first.door.known(token)


def test_ledger_is_begun_by_one_of_many_that_start_at_once(postgres_url: str) -> None:
    def start(_: int) -> None:
        a_core(postgres_url).close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(4)))
    beside = create_engine(postgres_url)
    with beside.connect() as connection:
        assert [row.size for row in connection.execute(LEDGER_HEAD.select())] == [0]
    beside.dispose()


async def test_process_that_freezes_with_the_ledger_in_its_hand_is_made_to_let_go(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_SILENT_MILLIS", 300)
    frozen, thawed = threading.Event(), threading.Event()

    def freeze(desk: SqlDesk) -> int:
        frozen.set()
        assert thawed.wait(20)
        return record(desk)

    with closing(a_core(postgres_url)) as first, closing(a_core(postgres_url)) as second:
        freezing = asyncio.create_task(first.writer.submit(freeze))
        await asyncio.to_thread(frozen.wait, 20)
        assert await second.writer.submit(record) == 0
        thawed.set()
        assert await freezing == 1  # run again, as nothing of it was kept
        assert await first.writer.submit(record) == 2


async def test_quarter_that_runs_has_one_count_for_all(postgres_url: str) -> None:
    clock = ManualClock(NOW)
    with closing(a_core(postgres_url, clock)) as first, closing(a_core(postgres_url, clock)) as second:
        counts = [
            Releases(core.engine, writer=core.writer, sop=core.sop, rules=load_indicators(), clock=core.clock)
            for core in (first, second)
        ]
        counted, clock_moves = await counts[0].running(), (timedelta(minutes=29), timedelta(minutes=2))
        assert counted is not None
        assert counted.counted_at == to_wire(NOW)
        for move, of in zip(clock_moves, (to_wire(NOW), to_wire(NOW + sum(clock_moves, timedelta()))), strict=True):
            clock.advance(move)
            found = [await one.running() for one in reversed(counts)]
            assert [one and one.counted_at for one in found] == [of, of]


async def test_what_waits_of_one_case_is_not_looked_for_among_all_that_waits(postgres_url: str) -> None:
    """With the statistics of an empty table, which a mesh has that was quiet when they were taken."""
    of_case = select(MESSAGES).where(messages_of([HEALTH, SOCIAL]), is_unsettled(MESSAGES.c.settled_at))
    with closing(a_core(postgres_url)) as core, core.engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        spoken = of_case.compile(connection, compile_kwargs={"literal_binds": True})
        plan = "\n".join(connection.execute(text(f"EXPLAIN {spoken}")).scalars())
    assert "ix_messages_referral_id" in plan
    assert "ix_messages_waiting" not in plan


def a_core(url: str, clock: ManualClock | None = None) -> Core:
    return open_records(url, keys=keys_of("gateway"), clock=clock or ManualClock(NOW))


def record(desk: SqlDesk) -> int:
    return desk.record("directory", "operator", code="areas-imported").index
