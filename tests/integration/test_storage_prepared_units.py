"""Units that are checked and prepared by the writer, and finished while the commit is under way."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared.kernel.errors import InternalFault, NotPermitted
from shared.storage.book import Book
from shared.storage.transactor import Unit
from tests.support.bank_writer import Gate, Writer, open_writer
from tests.support.small_bank import ACCOUNT, add_one, amounts, open_bank
from tests.support.watched import watch


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_bank(database_url, "a")
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    with open_writer(engine) as writer:
        yield writer


async def test_checking_preparing_and_finishing_are_done_by_the_writer_around_the_work(
    engine: Engine, writer: Writer
) -> None:
    seen: list[tuple[str, bool]] = []

    def look(step: str) -> None:
        seen.append((step, threading.current_thread().name.startswith("group-writer")))

    def prepare() -> Unit[Book]:
        look("prepare")
        assert amounts(engine)["a"] == 0
        return Unit(add_one, [(ACCOUNT, "a")])

    def finish(amount: int) -> str:
        look("finish")
        return f"{amount} now"

    assert await writer.submit_prepared(prepare, check=lambda: look("check"), finish=finish) == "1 now"
    assert seen == [("check", True), ("prepare", True), ("finish", True)]
    assert amounts(engine)["a"] == 1


async def test_callers_who_came_together_are_checked_two_at_a_time(writer: Writer) -> None:
    both = threading.Barrier(2)

    def meet() -> None:
        both.wait(30)

    gate = Gate()
    gated = gate.close_behind(writer)
    await asyncio.to_thread(gate.entered.wait)
    works = [writer.submit_prepared(lambda: Unit(add_one), check=meet, finish=str) for _ in range(4)]
    gate.leave.set()
    assert await asyncio.gather(*works) == ["1", "2", "3", "4"]
    await gated


async def test_results_are_finished_while_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    engine = open_bank(f"sqlite:///{tmp_path}/bank.db", "a")
    commits: list[str] = []
    finished: list[int] = []
    both = threading.Event()

    def come_to_the_disk(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)
            assert len(commits) == 1 or both.wait(30)  # the first is the gate's

    def finish(amount: int) -> int:
        finished.append(amount)
        if len(finished) == 2:
            both.set()
        return amount

    watch(engine, before=come_to_the_disk)
    gate = Gate()
    with open_writer(engine) as writer:
        gated = gate.close_behind(writer)
        await asyncio.to_thread(gate.entered.wait)
        works = [writer.submit_prepared(lambda: Unit(add_one), check=nothing, finish=finish) for _ in range(2)]
        gate.leave.set()
        assert await asyncio.gather(*works) == [1, 2]
        await gated
    engine.dispose()


def nothing() -> None:
    """Check nothing."""


@pytest.mark.parametrize("step", ["check", "prepare"])
@pytest.mark.parametrize("fault", [NotPermitted("a.code", "No."), SQLAlchemyError("odd"), ValueError("odd")])
async def test_check_or_preparation_that_fails_is_its_own_callers_alone(
    writer: Writer, fault: Exception, step: str
) -> None:
    def check() -> None:
        if step == "check":
            raise fault

    def prepare() -> Unit[Book]:
        raise fault

    gate = Gate()
    gated = gate.close_behind(writer)
    await asyncio.to_thread(gate.entered.wait)
    failing = writer.submit_prepared(prepare, check=check, finish=str)
    waiting = asyncio.gather(writer.submit(add_one), failing, writer.submit(add_one), return_exceptions=True)
    await asyncio.sleep(0)
    gate.leave.set()
    first, failed, second = await waiting
    await gated
    assert (first, second) == (1, 2)
    assert isinstance(failed, NotPermitted if isinstance(fault, NotPermitted) else InternalFault)


async def test_result_that_cannot_be_finished_is_durable_all_the_same(engine: Engine, writer: Writer) -> None:
    def finish(_amount: int) -> str:
        raise NotPermitted("a.code", "No.")

    with pytest.raises(NotPermitted):
        await writer.submit_prepared(lambda: Unit(add_one), check=nothing, finish=finish)
    assert amounts(engine)["a"] == 1
