"""Group commit: many callers, one transaction, and nobody pays for another's failure."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, make_url, text

from shared.kernel.errors import Conflict, FatalLedgerError, InternalFault, NotPermitted, PeerUnavailable
from shared.storage.book import Book
from shared.storage.group_commit import GroupWriter
from tests.support.bank_writer import Gate, Writer, open_writer
from tests.support.postgres import PostgresServer
from tests.support.small_bank import ACCOUNT, add_one, amounts, lock_account, open_bank
from tests.support.watched import watch


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_bank(database_url, "a", "b")
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    with open_writer(engine) as writer:
        yield writer


def commits(engine: Engine) -> list[int]:
    """A list that grows by one with each commit on connections that are opened from now on."""
    seen: list[int] = []
    watch(engine, before=lambda statement: seen.append(1) if statement == "COMMIT" else None)
    return seen


async def together(writer: Writer, works: list[Callable[[Book], object]]) -> list[object]:
    """Run works in one transaction."""
    gate = Gate()
    busy = gate.close_behind(writer)
    await asyncio.to_thread(gate.entered.wait)
    tasks = [asyncio.create_task(writer.submit(work)) for work in works]
    await asyncio.sleep(0)  # let each of them enter the queue
    gate.leave.set()
    await busy
    return list(await asyncio.gather(*tasks, return_exceptions=True))


def test_eight_threads_lose_no_update(engine: Engine, writer: Writer) -> None:
    def deposit(_thread: int) -> list[int]:
        return [writer.submit_blocking(add_one) for _ in range(60)]

    with ThreadPoolExecutor(8) as threads:
        results = [amount for many in threads.map(deposit, range(8)) for amount in many]
    assert amounts(engine)["a"] == 480
    assert sorted(results) == list(range(1, 481))


def test_two_writers_of_one_database_lose_no_update(database_url: str, engine: Engine, writer: Writer) -> None:
    second_engine = open_bank(database_url)
    with open_writer(second_engine) as second, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda turn: (writer, second)[turn % 2].submit_blocking(add_one), range(200)))
    assert amounts(engine) == amounts(second_engine) == {"a": 200, "b": 0}
    second_engine.dispose()


async def test_callers_who_wait_together_share_a_commit(engine: Engine, writer: Writer) -> None:
    seen = commits(engine)
    assert await together(writer, [add_one] * 40) == list(range(1, 41))
    assert len(seen) == 2


async def test_caller_is_answered_after_the_commit(engine: Engine, writer: Writer) -> None:
    await writer.submit(add_one, prefetch=[(ACCOUNT, "a"), (ACCOUNT, "nobody")])
    assert amounts(engine)["a"] == 1


async def test_refused_unit_sinks_no_other(engine: Engine, writer: Writer) -> None:
    def refused(book: Book) -> None:
        add_one(book)
        raise NotPermitted("consent.missing", "No consent covers this.")

    seen = commits(engine)
    first, refusal, third = await together(writer, [add_one, refused, add_one])
    assert (first, third) == (1, 2)
    assert isinstance(refusal, NotPermitted)
    assert refusal.code == "consent.missing"
    assert amounts(engine)["a"] == 2
    assert len(seen) == 2


async def test_defective_unit_sinks_no_other_and_does_not_leak(writer: Writer) -> None:
    def defective(book: Book) -> None:
        raise StopIteration(add_one(book))

    first, fault, third = await together(writer, [add_one, defective, add_one])
    assert (first, third) == (1, 2)
    assert isinstance(fault, InternalFault)
    assert isinstance(fault.__cause__, StopIteration)


async def test_unit_that_the_database_refuses_is_found_by_running_each_alone(engine: Engine, writer: Writer) -> None:
    def same_iban(book: Book) -> None:
        book.insert(ACCOUNT, {"id": "c", "iban": "1"})

    def same_iban_again(book: Book) -> None:
        book.insert(ACCOUNT, {"id": "d", "iban": "1"})

    def no_amount(book: Book) -> None:
        book.insert(ACCOUNT, {"id": "e", "amount": None})

    works = [add_one, same_iban, same_iban_again, no_amount, add_one]
    first, second, conflict, fault, last = await together(writer, works)
    assert (first, second, last) == (1, None, 2)
    assert isinstance(conflict, Conflict)
    assert isinstance(fault, InternalFault)
    assert amounts(engine) == {"a": 2, "b": 0, "c": 0}


async def test_cancelled_caller_disturbs_nobody(engine: Engine, writer: Writer) -> None:
    gate = Gate()
    busy = gate.close_behind(writer)
    await asyncio.to_thread(gate.entered.wait)
    leaving, staying = (asyncio.create_task(writer.submit(add_one)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    gate.leave.set()
    await busy
    assert await staying == 2
    assert leaving.cancelled()
    assert amounts(engine)["a"] == 2


async def test_full_queue_refuses_at_once(engine: Engine) -> None:
    with open_writer(engine, waiting=2) as writer:
        gate = Gate()
        busy = gate.close_behind(writer)
        await asyncio.to_thread(gate.entered.wait)
        queued = [asyncio.create_task(writer.submit(add_one)) for _ in range(2)]
        await asyncio.sleep(0)
        assert writer.queued() == 2
        with pytest.raises(PeerUnavailable) as refusal:
            await writer.submit(add_one)
        assert (refusal.value.code, refusal.value.retry_after) == ("storage.busy", 1)
        gate.leave.set()
        await asyncio.gather(busy, *queued)
        assert await writer.submit(add_one) == 3


async def test_close_finishes_what_is_queued_and_takes_no_more(engine: Engine) -> None:
    writer = open_writer(engine, most=4)
    gate = Gate()
    busy = gate.close_behind(writer)
    await asyncio.to_thread(gate.entered.wait)
    queued = [asyncio.create_task(writer.submit(add_one)) for _ in range(10)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(writer.close))
    gate.leave.set()
    assert await asyncio.gather(*queued) == list(range(1, 11))
    await asyncio.gather(busy, closing)
    assert not writer.healthy()
    with pytest.raises(PeerUnavailable) as refusal:
        await writer.submit(add_one)
    assert refusal.value.code == "storage.closed"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is loud, and should be
async def test_writer_whose_thread_dies_is_unhealthy_and_leaves_nobody_waiting(engine: Engine) -> None:
    def die(_book: Book) -> None:
        raise SystemExit

    writer = open_writer(engine)
    assert writer.healthy()
    outcomes = await together(writer, [add_one, die, add_one])
    assert [getattr(outcome, "code", None) for outcome in outcomes] == ["storage.closed"] * 3
    writer.close()
    assert not writer.healthy()
    assert amounts(engine)["a"] == 0


async def test_unknown_state_of_the_ledger_stops_the_writer(engine: Engine) -> None:
    def lost(book: Book) -> None:
        add_one(book)
        raise FatalLedgerError("ledger.broken", "The head does not match.")

    writer = open_writer(engine)
    with pytest.raises(FatalLedgerError):
        await writer.submit(lost)
    with pytest.raises(PeerUnavailable):
        await writer.submit(add_one)
    writer.close()
    assert not writer.healthy()
    assert amounts(engine)["a"] == 0


def test_failure_at_the_beginning_is_everybodys_and_passes(engine: Engine) -> None:
    faults = [PeerUnavailable("storage.unavailable", "Not now.")]

    def begin(book: Book) -> None:
        if faults:
            raise faults.pop()
        lock_account(book)

    with GroupWriter(engine, open_desk=lambda book: book, on_begin=begin) as writer:
        with pytest.raises(PeerUnavailable):
            writer.submit_blocking(add_one)
        assert writer.submit_blocking(add_one) == 1


async def test_callers_who_come_again_share_every_transaction(engine: Engine) -> None:
    seen = commits(engine)

    async def come_again(writer: Writer) -> None:
        for _ in range(5):
            await writer.submit(add_one)

    with open_writer(engine, gather_seconds=30, pause_seconds=30) as writer:
        await asyncio.gather(*(come_again(writer) for _ in range(4)))
    assert len(seen) == 5
    assert amounts(engine)["a"] == 20


async def test_who_comes_again_alone_does_not_wait_for_those_who_stay_away(engine: Engine) -> None:
    with open_writer(engine, gather_seconds=3600) as writer:
        await asyncio.gather(*(writer.submit(add_one) for _ in range(4)))
        assert await asyncio.wait_for(writer.submit(add_one), timeout=30) == 5


def test_caller_whose_loop_is_closed_disturbs_nobody(engine: Engine, writer: Writer) -> None:
    gate = Gate()

    async def leave_early() -> None:
        gate.close_behind(writer)
        await asyncio.to_thread(gate.entered.wait)

    asyncio.run(leave_early())
    gate.leave.set()
    assert writer.submit_blocking(add_one) == 1


@pytest.fixture
def kill(postgres_server: PostgresServer) -> Callable[[Engine], None]:
    """Ends every connection to a database, as an administrator or a fail-over does."""

    def kill(engine: Engine) -> None:
        database = make_url(str(engine.url)).database
        postgres_server.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'"
        )

    return kill


@pytest.fixture
def bank(postgres_url: str) -> Iterator[Engine]:
    engine = open_bank(postgres_url, "a")
    yield engine
    engine.dispose()


def test_connection_killed_while_idle_is_replaced_unnoticed(bank: Engine, kill: Callable[[Engine], None]) -> None:
    with open_writer(bank) as writer:
        assert writer.submit_blocking(add_one) == 1
        kill(bank)
        assert writer.submit_blocking(add_one) == 2


def test_connection_killed_before_the_commit_costs_a_second_run(bank: Engine, kill: Callable[[Engine], None]) -> None:
    runs: list[int] = []

    def work(book: Book) -> int:
        runs.append(1)
        if len(runs) == 1:
            kill(bank)
        return add_one(book)

    with open_writer(bank) as writer:
        assert writer.submit_blocking(work) == 1
    assert len(runs) == 2
    assert amounts(bank) == {"a": 1}


def test_connection_killed_at_the_commit_is_told_and_recovers(bank: Engine, kill: Callable[[Engine], None]) -> None:
    commits: list[str] = []

    def told(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)
            if len(commits) == 2:
                kill(bank)

    watch(bank, before=told)
    with open_writer(bank) as writer:
        assert writer.submit_blocking(add_one) == 1
        with pytest.raises(PeerUnavailable) as refusal:
            writer.submit_blocking(add_one)
        assert refusal.value.code == "storage.unavailable"
        assert writer.healthy()
        assert writer.submit_blocking(add_one) == 2
    assert amounts(bank) == {"a": 2}


def test_lock_held_by_another_is_waited_for(bank: Engine) -> None:
    result: Future[int] = Future()
    with open_writer(bank) as writer, bank.connect() as other:
        other.execute(text("SELECT 1 FROM account WHERE id = 'a' FOR UPDATE"))
        thread = threading.Thread(target=lambda: result.set_result(writer.submit_blocking(add_one)))
        thread.start()
        other.execute(text("UPDATE account SET amount = 10"))
        other.commit()
        thread.join()
    assert result.result() == 11
