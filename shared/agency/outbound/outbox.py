"""The durable outbox: every letter is stored before it is sent, and sent until the gateway has answered.

Owns the traffic to `/v1/batches`. Promises: what is queued at the same time travels together; order is kept in
a lane; a crash at any point loses nothing and does nothing twice, because a letter is repeated byte for byte
and its id is its idempotency key; an answer is recorded, with all it means here, before anybody hears of it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from shared.agency.outbound.lanes import Lanes
from shared.agency.ports import Desk, Expected, Hub, Store
from shared.agency.records import Letter
from shared.kernel.backoff import backoff
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import InputRejected, InternalFault, MeshError
from shared.telemetry.context import continue_trace, current_trace_id, enter
from shared.telemetry.logs import get_logger
from shared.wire.delivery import BatchItemV1, BatchResultV1
from shared.wire.problem import to_problem

LETTERS_MOST: Final = 100
#: Bytes of letters in one batch: well under 2 MiB once the text is escaped.
SIZE_MOST: Final = 1_400_000
#: Batches on their way at the same time: while one is, the next one gathers (measured: half as fast with two).
FLIGHTS_MOST: Final = 1

_LONGEST_WAIT: Final = 30.0
_REFUSED_FROM: Final = 400
_TRY_AGAIN: Final = frozenset({401, 429, *range(500, 600)})

_log = get_logger("outbox")


class Settle(Protocol):
    """What an answer means for the records here."""

    def expects(self, letter: Letter) -> Sequence[Expected]:
        """Return the records that `apply` will read."""
        ...

    def apply(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        """Record what an answer means; return the letters that follow from it, already kept."""
        ...


_Answered = tuple[Letter, BatchResultV1]


class Outbox:
    """The traffic of one service. Start it in the event loop that serves the service."""

    def __init__(
        self, store: Store, hub: Hub, settle: Settle, *, clock: Clock, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._hub = hub
        self._settle = settle
        self._clock = clock
        self._timer = timer
        self._lanes = Lanes()
        self._wake = asyncio.Event()
        self._flights: set[asyncio.Task[None]] = set()
        self._listeners: dict[str, list[asyncio.Future[Letter]]] = {}
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up every letter that has no answer yet, and begin to send."""
        for letter in await self._store.read(lambda reading: reading.waiting_letters()):
            self._enter(letter)
        self._loop = asyncio.create_task(self._run(), name="outbox")

    async def stop(self) -> None:
        """Stop sending. What is under way will be repeated after the next start."""
        tasks = [task for task in (self._loop, *self._flights) if task is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def announce(self, letters: Sequence[Letter]) -> None:
        """Send letters that are in the database."""
        for letter in letters:
            self._enter(letter)
        if letters:
            self._wake.set()

    async def outcome(self, message_id: str, *, within: float) -> Letter | None:
        """Return the answered letter, waiting up to `within` seconds; None when there is no answer yet."""
        if message_id in self._lanes:
            future: asyncio.Future[Letter] = asyncio.get_running_loop().create_future()
            self._listeners.setdefault(message_id, []).append(future)
            with suppress(TimeoutError):
                return await asyncio.wait_for(future, within)
        letter = await self._store.read(lambda reading: reading.get(Letter, message_id))
        return letter if letter is not None and letter.settled_at is not None else None

    def waiting(self) -> int:
        """Return how many letters have no answer yet."""
        return len(self._lanes)

    def _enter(self, letter: Letter) -> None:
        self._lanes.add(letter.message_id, lane=letter.lane, waits_on=letter.waits_on, size=letter.size)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            self._depart()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())

    def _depart(self) -> None:
        while len(self._flights) < FLIGHTS_MOST:
            ids = self._lanes.take(now=self._timer(), most=LETTERS_MOST, size_most=SIZE_MOST)
            if not ids:
                return
            flight = asyncio.create_task(self._fly(ids), name="outbox-flight")
            self._flights.add(flight)
            flight.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._wake.set()

    def _pause(self) -> float | None:
        now = self._timer()
        at = None if len(self._flights) >= FLIGHTS_MOST else self._lanes.next_at(now)
        return None if at is None else max(at - now, 0.05)

    async def _fly(self, ids: Sequence[str]) -> None:
        """Send one batch and record each answer; whatever got none goes again later."""
        unanswered = set(ids)
        alone = False
        try:
            unanswered -= await self._recorded(await self._exchange(ids))
        except MeshError as error:
            alone = isinstance(error, InputRejected)  # the batch as a whole: one of its letters spoils it
            _log.info("outbox.no-answer", code=error.code, count=len(ids))
        except Exception as error:  # noqa: BLE001 - a defect must not stop the traffic; it is logged and tried again
            _log.error("outbox.failed", count=len(ids), exc_info=error)
        finally:
            self._put_back(unanswered, alone=alone)

    async def _exchange(self, ids: Sequence[str]) -> Sequence[_Answered]:
        """Return letters with their final answers; those to be tried again are left out."""
        letters = await self._store.read(lambda reading: reading.many(Letter, ids))
        waiting = [letter for letter in letters if letter.settled_at is None]
        if len(waiting) == 1:  # alone, a letter travels in the trace of whoever wrote it
            enter(continue_trace(waiting[0].traceparent))
        for letter in letters:
            if letter.settled_at is not None:  # recorded, though the writer could not say so
                self._resolve(letter)
        try:
            results = await self._hub.post_batch([_item(letter) for letter in waiting]) if waiting else []
        except InputRejected as error:
            if len(waiting) > 1:
                raise
            results = [_as_result(error) for _ in waiting]
        if len(results) != len(waiting):
            raise InternalFault("outbox.results", "The gateway answered another number of messages than it was sent.")
        return [pair for pair in zip(waiting, results, strict=True) if pair[1].status not in _TRY_AGAIN]

    async def _recorded(self, pairs: Sequence[_Answered]) -> set[str]:
        """Record answers together; return the ids of those that are recorded."""
        outcomes = await asyncio.gather(*(self._record(*pair) for pair in pairs), return_exceptions=True)
        done = set()
        for (letter, _), outcome in zip(pairs, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                _log.warning("outbox.not-recorded", message_id=letter.message_id, exc_info=outcome)
            else:
                done.add(letter.message_id)
        return done

    async def _record(self, letter: Letter, result: BatchResultV1) -> None:
        def work(desk: Desk) -> tuple[Letter, Sequence[Letter]]:
            known = desk.get(Letter, letter.message_id)
            if known is None or known.settled_at is not None:
                return known or letter, ()
            following = self._settle.apply(desk, known, result)
            return desk.change(known, **self._answered(result)), following

        expects = [(Letter, letter.message_id), *self._settle.expects(letter)]
        settled, following = await self._store.write(work, expects=expects)
        self._resolve(settled)
        self.announce(following)

    def _resolve(self, letter: Letter) -> None:
        self._lanes.settle(letter.message_id)
        for future in self._listeners.pop(letter.message_id, ()):
            if not future.done():
                future.set_result(letter)

    def _answered(self, result: BatchResultV1) -> dict[str, Any]:
        """Return what changes in a letter: the answer comes, the text goes. Halves of keys are not kept."""
        answer = {name: value for name, value in result.body.items() if name != "shares"}
        forgotten = {"body": None, "signature": None, "hub_shares": None}
        at = to_wire(self._clock.now())
        return {"status": result.status, "answer": answer, "receipt": result.receipt, "settled_at": at, **forgotten}

    def _put_back(self, ids: set[str], *, alone: bool) -> None:
        now = self._timer()
        for message_id in ids:
            if message_id in self._lanes:
                wait = backoff(self._lanes.attempts(message_id) + 1, longest=_LONGEST_WAIT)
                self._lanes.put_back(message_id, not_before=now + wait, alone=alone)


def is_refusal(letter: Letter) -> bool:
    """Say whether the gateway's answer to a settled letter was no."""
    return letter.status is not None and letter.status >= _REFUSED_FROM


def _as_result(error: MeshError) -> BatchResultV1:
    """Return the refusal of a batch with one letter as that letter's answer."""
    problem = to_problem(error, instance=f"urn:mesh:trace:{current_trace_id()}", trace_id=current_trace_id())
    return BatchResultV1(status=problem.status, body=problem.model_dump(mode="json", exclude_none=True))


def _item(letter: Letter) -> BatchItemV1:
    if letter.body is None or letter.signature is None:
        raise InternalFault("outbox.letter", "A letter without an answer has lost its text.")
    return BatchItemV1(
        kind=letter.kind, body=letter.body, signature=letter.signature, hub_shares=dict(letter.hub_shares or {})
    )
