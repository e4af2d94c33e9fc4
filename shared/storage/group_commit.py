"""Group commit: one writer thread, many callers, one durable transaction.

A durable commit costs the same for one caller as for sixty-four, so callers queue their units of work
and a single daemon thread commits them together. A caller is answered only after the commit. Their
loop wakes the thread at the end of a turn, when all who came together are queued. It waits for more
company only when it had some the last time, as long as somebody comes within `pause_seconds` of the one
before, and never longer than `gather_seconds`: a lone caller pays nothing, and a crowd that has gone
away costs one pause.

What a unit needs beforehand (`check`, `prepare`) and what becomes of its result (`finish`) may be done here too, before
the transaction begins and while it is committed: the same steps for all callers in hand, one right after the other,
cost little more than half of what they cost scattered over the turns of a loop. What leaves the interpreter to others,
such as checking signatures or waiting for a disk, is shared with a second thread (`shared.storage.alongside`).

Refuses: more than `waiting` callers in the queue (`storage.busy`, try again in a second), and any
work once closed or stopped. A `FatalLedgerError` stops the writer for good: restart and verify.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import InvalidStateError as FutureSettled
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Engine

from shared.kernel.errors import FatalLedgerError, PeerUnavailable
from shared.storage.alongside import Alongside
from shared.storage.book import Book
from shared.storage.faults import RETRY_AFTER
from shared.storage.transactor import D, Hint, Outcome, Transactor, Unit, attempt

T = TypeVar("T")


_NOTHING = Outcome()


@dataclass(slots=True, eq=False)
class _Caller(Generic[D]):
    """How a unit is made, and the future that somebody awaits: on a loop, or blocking a thread (`loop` is None)."""

    prepare: Callable[[], Unit[D]]
    finish: Callable[[Any], Any] | None
    check: Callable[[], None] | None
    future: Any
    loop: asyncio.AbstractEventLoop | None
    found: Outcome = _NOTHING

    def look(self) -> None:
        """Do what may be done at the same time as for others, and keep what came of it."""
        if self.check is not None:
            self.found = attempt(self.check)

    def prepared(self) -> Unit[D]:
        """Return the unit, with what becomes of its result."""
        unit = self.prepare()
        return unit if self.finish is None else Unit(unit.work, unit.prefetch, self.finish)


class GroupWriter(Generic[D]):
    """The one writer of a database in this process.

    `open_desk` makes what units work with, from the book of the running transaction, afresh for each
    transaction: what is true of its moment is true for all its units. `on_begin` runs first in every
    transaction: lock there what serialises the writers of other processes (on PostgreSQL nothing else does).
    """

    def __init__(
        self,
        engine: Engine,
        *,
        open_desk: Callable[[Book], D],
        on_begin: Callable[[Book], None] | None = None,
        gather_seconds: float = 0.02,
        pause_seconds: float = 0.002,
        most: int = 64,
        waiting: int = 4096,
    ) -> None:
        self._alongside = Alongside("group-writer-alongside")
        self._transactor = Transactor(engine, open_desk=open_desk, on_begin=on_begin, alongside=self._alongside)
        self._gather_seconds, self._pause_seconds = gather_seconds, pause_seconds
        self._most, self._waiting = most, waiting
        self._lock = threading.Lock()
        self._queue: deque[_Caller[D]] = deque()
        self._in_hand: list[_Caller[D]] = []
        self._expected = 0
        self._alarm = _Alarm()
        self._wanted = 1
        self._closing = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="group-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Callable[[D], T], *, prefetch: Sequence[Hint] = ()) -> T:
        """Have `work` done in the next transaction and return its result once that is durable.

        `work` runs on the writer's thread, perhaps twice: it must depend on the desk alone. `prefetch`
        names rows it will read. A caller that is cancelled does not take its work back.
        Raises what `work` raises if that is a `MeshError`, `InternalFault` (`storage.unit-failed`) if it
        is not; `Conflict` (`storage.conflict`); `PeerUnavailable` (`storage.busy`, `storage.closed`, and
        `storage.unavailable`, after which the work may or may not have been done).
        """
        result: T = await self._submit(lambda: Unit(work, prefetch))
        return result

    def submit_prepared(
        self, prepare: Callable[[], Unit[D]], *, check: Callable[[], None], finish: Callable[[Any], T]
    ) -> Awaitable[T]:
        """Have `prepare` make a unit, do that as `submit` does, and await what `finish` makes of its durable result.

        `check` goes before, once, perhaps at the same time as another caller's: it is for what hardly needs the
        interpreter. Then comes `prepare`, once, and the transaction; `finish` as `Unit` says. A `MeshError` that one of
        them raises is raised here; where `finish` does, the work is done and durable.
        """
        return self._submit(prepare, finish, check)

    def _submit(
        self,
        prepare: Callable[[], Unit[D]],
        finish: Callable[[Any], Any] | None = None,
        check: Callable[[], None] | None = None,
    ) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._enqueue(_Caller(prepare, finish, check, future, loop))
        loop.call_soon(self._wake)  # after all that is about to submit in this turn of the loop
        return future

    def submit_blocking(self, work: Callable[[D], T], *, prefetch: Sequence[Hint] = ()) -> T:
        """Do as `submit` does, for a caller without an event loop."""
        future: Future[T] = Future()
        self._enqueue(_Caller(lambda: Unit(work, prefetch), None, None, future, None))
        self._wake()
        return future.result()

    def healthy(self) -> bool:
        """Say whether new work is taken: the thread lives, and nobody has closed or stopped the writer."""
        return self._thread.is_alive() and not self._closing and not self._stopped

    def queued(self) -> int:
        """Return how many callers wait for their transaction to begin."""
        return len(self._queue)

    def close(self, *, timeout_seconds: float = 10.0) -> None:
        """Take no more work, finish what is queued, end the thread. It may be called twice."""
        with self._lock:
            self._closing = True
            self._alarm.ring()
        self._thread.join(timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _enqueue(self, caller: _Caller[D]) -> None:
        with self._lock:
            if self._closing or self._stopped:
                raise _closed()
            if len(self._queue) >= self._waiting:
                raise PeerUnavailable(
                    "storage.busy", "The service has more work than it can queue.", retry_after=RETRY_AFTER
                )
            self._queue.append(caller)

    def _wake(self) -> None:
        """Wake the writer when as many callers as it waits for are queued."""
        if len(self._queue) >= self._wanted:
            self._alarm.ring()

    def _run(self) -> None:
        try:
            while self._gather():
                outcomes = self._serve(self._in_hand)
                self._expected = len(self._in_hand) + len(self._queue)  # before those answered can be here again
                self._settle(outcomes)
        except FatalLedgerError as fault:
            self._settle([Outcome(error=fault)] * len(self._in_hand))
        finally:
            self._stop()
            self._transactor.close()
            self._alongside.close()

    def _serve(self, callers: Sequence[_Caller[D]]) -> list[Outcome]:
        """Check and prepare, and run together and finish what could be; one outcome for each caller."""
        self._alongside.each([caller.look for caller in callers if caller.check is not None])
        prepared = [attempt(caller.prepared) if caller.found.error is None else caller.found for caller in callers]
        ready = [made.value for made in prepared if made.error is None]
        done = iter(self._transactor.run(ready) if ready else [])
        return [next(done) if made.error is None else made for made in prepared]

    def _gather(self) -> bool:
        """Take the next callers in hand; return False when the writer is closed and the queue empty.

        Who was just answered may come again, and is waited for together with those who are here already: one
        transaction for all costs less than two that take turns, whose threads get in each other's way.
        """
        self._in_hand = []
        while not self._has_come(1):
            self._alarm.sleep(None)
        if self._expected > 1:
            self._await_company(min(self._expected, self._most))
        with self._lock:
            self._in_hand = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
        return bool(self._in_hand)

    def _await_company(self, wanted: int) -> None:
        """Sleep until `wanted` callers are queued, nobody else seems to come, or the time is over."""
        until = time.monotonic() + self._gather_seconds
        while not self._has_come(wanted):
            here = len(self._queue)
            self._alarm.sleep(self._pause_seconds)
            if len(self._queue) == here or time.monotonic() > until:
                return

    def _has_come(self, wanted: int) -> bool:
        """Say whether `wanted` callers are queued, or the writer is closing; where not, the alarm is set for it.

        Who rings may have looked before the queue was emptied: whoever sleeps without an end looks again.
        """
        with self._lock:
            if len(self._queue) >= wanted or self._closing:
                return True
            self._wanted = wanted
            self._alarm.hush()
            return False

    def _stop(self) -> None:
        """Refuse new work, and tell everybody who still waits that theirs is not done."""
        with self._lock:
            self._stopped = True
            left = [*self._in_hand, *self._queue]
            self._queue.clear()
        self._in_hand = left
        self._settle([Outcome(error=_closed()) for _ in left])

    def _settle(self, outcomes: list[Outcome]) -> None:
        """Answer the callers in hand: one call into each of their loops."""
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Outcome]]] = {}
        for caller, outcome in zip(self._in_hand, outcomes, strict=True):
            if caller.loop is None:
                _answer([(caller.future, outcome)])
            else:
                by_loop.setdefault(caller.loop, []).append((caller.future, outcome))
        for loop, answers in by_loop.items():
            with suppress(RuntimeError):  # the loop is closed: nobody is left to hear
                loop.call_soon_threadsafe(_answer, answers)


class _Alarm:
    """Wakes the one thread that sleeps on it, by one lock: waking by `threading.Event` takes three of them."""

    def __init__(self) -> None:
        self._silent = threading.Lock()
        self._silent.acquire()

    def ring(self) -> None:
        """Wake who sleeps, or who goes to sleep next; ringing twice is ringing once."""
        if self._silent.locked():
            try:
                self._silent.release()
            except RuntimeError:  # somebody else has just rung
                return

    def hush(self) -> None:
        """Take back a ringing that nobody slept through."""
        self._silent.acquire(blocking=False)

    def sleep(self, seconds: float | None) -> None:
        """Sleep until it rings, or for so long."""
        self._silent.acquire(timeout=-1 if seconds is None else seconds)


def _answer(answers: Sequence[tuple[Any, Outcome]]) -> None:
    for future, outcome in answers:
        if future.done():  # the caller went away
            continue
        try:
            if outcome.error is None:
                future.set_result(outcome.value)
            else:
                future.set_exception(outcome.error)
        except FutureSettled:  # just now
            continue


def _closed() -> PeerUnavailable:
    return PeerUnavailable("storage.closed", "The service is stopping. Try again.", retry_after=RETRY_AFTER)
