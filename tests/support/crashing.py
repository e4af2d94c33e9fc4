"""Killing a process of a running mesh in its worst moment: what it did is durable, and nobody has heard of it yet."""

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from mesh.home import Home
from mesh.roster import AGENCIES, GATEWAY, Deployable, deployable_named
from mesh.supervisor import is_alive, wait_until_ready

SENDER = "health"
#: Seconds until a victim that is busy has committed something: after these there is nothing left for it to do.
BUSY_WITHIN = 10
#: Seconds until a killed process is gone.
GONE_WITHIN = 40
GLANCE = 0.0002
#: Seconds in which others read and record what a killed process managed to send.
LAST_WORDS = 0.2
#: For each part a process can play: the table that grows with what it has promised to remember.
_GROWS = {"gateway": "messages", "sender": "idempotent_acts", "recipient": "arrivals"}
_KEPT = {
    "gateway": "SELECT message_id FROM messages",
    "sender": "SELECT substr(key, instr(key, '/') + 1) FROM idempotent_acts",
    "recipient": "SELECT message_id FROM arrivals",
}
_UNANSWERED_LETTERS = "SELECT message_id FROM letters WHERE settled_at IS NULL"
_UNSETTLED_MESSAGES = "SELECT message_id FROM messages WHERE settled_at IS NULL"


@contextmanager
def database(home: Home, name: str) -> Iterator[sqlite3.Connection]:
    """Look into the database of a process from beside it."""
    with opened(path_of(home, name)) as connection:
        yield connection


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database in which nothing can be written, and close it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=10)) as connection:
        yield connection


def column(connection: sqlite3.Connection, statement: str) -> set[str]:
    """Return the first column of what a statement finds."""
    return {str(row[0]) for row in connection.execute(statement)}


def counted(home: Home, name: str, statement: str) -> int:
    """Return the one number that a statement finds in the database of a process."""
    with database(home, name) as connection:
        return int(connection.execute(statement).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Crash:
    """One kill: whom it hit, and what it had kept that nobody had heard of."""

    pid: int
    unheard: frozenset[str]


@contextmanager
def a_killer() -> Iterator[ProcessPoolExecutor]:
    """Have somebody at hand who kills without delay: a process of its own, which waits for nobody's interpreter."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as killer:
        killer.submit(os.getpid).result()
        yield killer


async def kill_after_commit(
    home: Home, victim: str, *, killer: ProcessPoolExecutor, unanswered: Callable[[], set[str]]
) -> Crash | None:
    """Kill a process right after it has committed something, before it can have answered for all of it.

    `unanswered` returns the idempotency keys for which the sender's partner system has no answer yet. A process that
    has nothing left to do is not killed: None.
    """
    part, pid = part_of(victim), pid_of(home, victim)
    with ExitStack() as looks:
        own = looks.enter_context(database(home, victim))
        other = looks.enter_context(database(home, SENDER if part == "gateway" else GATEWAY.name))
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(killer, kill_as_it_grows, pid, path_of(home, victim), _GROWS[part]):
            return None
        await asyncio.sleep(LAST_WORDS)
        kept = column(own, _KEPT[part])
        if part == "sender":
            return Crash(pid, frozenset(kept & unanswered()))
        waiting = column(other, _UNANSWERED_LETTERS if part == "gateway" else _UNSETTLED_MESSAGES)
        return Crash(pid, frozenset(kept & waiting))


def kill_as_it_grows(pid: int, path: Path, table: str) -> bool:
    """Kill a process as soon as it has committed another row of a table; return when it is dead, or False: none came.

    Looks without a pause: what is waited for is over within milliseconds.
    """
    latest = f"SELECT max(rowid) FROM {table}"
    deadline = time.monotonic() + BUSY_WITHIN
    with opened(path) as connection:
        before = connection.execute(latest).fetchone()
        while connection.execute(latest).fetchone() == before:
            if time.monotonic() > deadline:
                return False
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
        return True


def wait_until_gone(pid: int) -> None:
    """Return once a killed process cannot do anything any more; its parent may not have noticed yet."""
    deadline = time.monotonic() + GONE_WITHIN
    while is_alive(pid) and not is_zombie(pid):
        assert time.monotonic() < deadline, "a killed process still lives"
        time.sleep(GLANCE)


def is_zombie(pid: int) -> bool:
    """Say whether a process is dead and only waits for its parent to notice."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] in {"Z", "X"}


async def wait_until_back(home: Home, victim: str, *, killed: int) -> None:
    """Return once the supervisor has started a victim again and it answers."""
    async with asyncio.timeout(60):
        while pid_of(home, victim) == killed:
            await asyncio.sleep(0.02)
    await wait_until_ready(url_of(home, victim))


def part_of(victim: str) -> str:
    """Return which part a process plays in the traffic of these tests."""
    return {GATEWAY.name: "gateway", SENDER: "sender"}.get(victim, "recipient")


def pid_of(home: Home, name: str) -> int:
    """Return the process id of a process of a running mesh."""
    return int(_noted(home, name)["pid"])


def url_of(home: Home, name: str) -> str:
    """Return where a process of a running mesh answers."""
    return str(_noted(home, name)["url"])


def named(name: str) -> Deployable:
    """Return the deployable of a name."""
    deployable = deployable_named(name)
    assert deployable is not None, name
    return deployable


def path_of(home: Home, name: str) -> Path:
    """Return where the database of a process is."""
    return home.root / named(name).name / "data.sqlite"


def agency_id_of(name: str) -> str:
    """Return the agency that a service stands for."""
    return next(agency.agency_id for agency in AGENCIES if agency.name == name)


def _noted(home: Home, name: str) -> dict[str, Any]:
    state = home.state()
    assert state is not None
    noted: dict[str, Any] = state["services"][name]
    return noted
