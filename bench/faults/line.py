"""A line between two programs, on which messages get lost, broken, slow, doubled and late.

Each line is a small proxy on a port of its own. It reads whole requests and passes them on; to some it does one of
the `FAULTS`. A fault is counted only once it has had its effect: a request that was to be doubled is counted when the
server has answered both, one that was to be overtaken when it was.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Final

from bench.faults.http import BROKEN, LARGEST, Message, Wire, read_message, reset
from bench.faults.tally import Tally

PASS: Final = "pass"
#: Each fault, and how often it is chosen beside the others.
FAULTS: Final[Mapping[str, int]] = {
    "request-reset": 34,
    "request-truncated": 14,
    "answer-reset": 12,
    "answer-truncated": 8,
    "half-open": 1,
    "slow-peer": 7,
    "request-duplicated": 14,
    "request-repeated-late": 12,
    "request-overtaken": 6,
}
#: Those after which whoever asked has no answer and must ask again.
BREAKING: Final = frozenset({"request-reset", "request-truncated", "answer-reset", "answer-truncated", "half-open"})
_SILENT_SECONDS: Final = 1.5
_OVERTAKEN_WITHIN: Final = 0.25
_OK: Final = range(200, 300)
_REFUSED_TOKEN: Final = 401

Heard = Callable[[Message, Message], None]
Sent = Callable[[Message], None]


class Line:
    """One line. `heard` is told every request with the answer that the server gave, whoever got to see it."""

    def __init__(
        self, name: str, port_of: Callable[[], int], *, rng: Random, tally: Tally, share: float, breaking: float
    ) -> None:
        """`share` of the requests get a fault; where it breaks the exchange, only `breaking` of them do."""
        self.name = name
        self._port_of, self._rng, self._tally = port_of, rng, tally
        self._share, self._breaking = share, breaking
        self.is_calm, self.is_cut = True, False
        self.heard: Heard = lambda _request, _answer: None
        self.sent: Sent = lambda _request: None
        self._passed = asyncio.Condition()
        self._count = 0
        self._late: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen on a free port of this machine."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LARGEST)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Hang up."""
        for task in self._late:
            task.cancel()
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: list[Wire] = []
        try:
            while True:
                message = await read_message(reader)
                if self.is_cut:
                    return
                await _PLAYS[self._choice()](self, message, writer, upstream)
        except (*BROKEN, RuntimeError, asyncio.CancelledError):  # a closed transport is told by a `RuntimeError`
            return
        finally:
            for wire in upstream:
                wire.close()
            reset(writer)

    def _choice(self) -> str:
        if self.is_calm or self._rng.random() >= self._share:
            return PASS
        kind = self._rng.choices(list(FAULTS), list(FAULTS.values()))[0]
        return PASS if kind in BREAKING and self._rng.random() >= self._breaking else kind

    async def _ask(self, message: Message, upstream: list[Wire]) -> Message:
        """Pass a request on and return its answer. Raises one of `BROKEN`."""
        if upstream and not upstream[0].is_open:
            upstream.pop().close()
        if not upstream:
            upstream.append(await Wire.open(self._port_of()))
        self.sent(message)
        answer = await upstream[0].ask(message.raw)
        await self._note(message, answer)
        return answer

    async def _note(self, message: Message, answer: Message) -> None:
        self.heard(message, answer)
        self._count += 1
        async with self._passed:
            self._passed.notify_all()

    async def _pass(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        client.write((await self._ask(message, upstream)).raw)

    async def _reset_request(self, _message: Message, client: asyncio.StreamWriter, _upstream: list[Wire]) -> None:
        self._tally.note("request-reset", self.name)
        reset(client)
        raise ConnectionResetError

    async def _truncate_request(self, message: Message, client: asyncio.StreamWriter, _upstream: list[Wire]) -> None:
        wire = await Wire.open(self._port_of())
        wire.writer.write(message.raw[: self._rng.randrange(1, len(message.raw))])
        await wire.writer.drain()
        self._tally.note("request-truncated", self.name)
        wire.reset()
        reset(client)
        raise ConnectionResetError

    async def _reset_answer(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        await self._ask(message, upstream)
        self._tally.note("answer-reset", self.name)
        reset(client)
        raise ConnectionResetError

    async def _truncate_answer(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        answer = (await self._ask(message, upstream)).raw
        client.write(answer[: self._rng.randrange(1, len(answer))])
        await client.drain()
        self._tally.note("answer-truncated", self.name)
        raise ConnectionResetError

    async def _half_open(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        """Leave whoever asked with a connection on which nothing comes any more; the server may have done its work."""
        if self._rng.random() < 0.5:
            await self._ask(message, upstream)
        await asyncio.sleep(_SILENT_SECONDS)
        self._tally.note("half-open", self.name)
        reset(client)
        raise ConnectionResetError

    async def _slow(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        await asyncio.sleep(self._rng.uniform(0.02, 0.2))
        answer = (await self._ask(message, upstream)).raw
        middle = self._rng.randrange(1, len(answer))
        client.write(answer[:middle])
        await client.drain()
        await asyncio.sleep(self._rng.uniform(0.01, 0.1))
        client.write(answer[middle:])
        self._tally.note("slow-peer", self.name)

    async def _duplicate(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        """Have the server get the same request twice at the same moment, on two connections."""
        twin = asyncio.create_task(self._again(message, "request-duplicated"))
        self._keep(twin)
        client.write((await self._ask(message, upstream)).raw)

    async def _repeat_late(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        """Send the same bytes once more after others have passed: what is late meets what it should have preceded."""
        client.write((await self._ask(message, upstream)).raw)
        self._keep(asyncio.create_task(self._later(message, self._rng.uniform(0.05, 3.0))))

    async def _overtaken(self, message: Message, client: asyncio.StreamWriter, upstream: list[Wire]) -> None:
        before = self._count
        with suppress(TimeoutError):
            async with self._passed:
                await asyncio.wait_for(self._passed.wait_for(lambda: self._count > before), _OVERTAKEN_WITHIN)
            self._tally.note("request-overtaken", self.name)
        await self._pass(message, client, upstream)

    async def _later(self, message: Message, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._again(message, "request-repeated-late")

    async def _again(self, message: Message, kind: str) -> None:
        """Send a request on a connection of its own; it counts when the server has taken and answered it."""
        if self.is_calm:
            return
        with suppress(*BROKEN):
            wire = await Wire.open(self._port_of())
            try:
                answer = await asyncio.wait_for(wire.ask(message.raw), 30)
            finally:
                wire.close()
            await self._note(message, answer)
            if answer.status != _REFUSED_TOKEN:
                self._tally.note(kind, self.name)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def quiet(self) -> None:
        """Pass everything on from now, and return once nothing late is under way."""
        self.is_calm = True
        await self.settle()

    async def settle(self) -> None:
        """Return once nothing late is under way."""
        await asyncio.gather(*self._late, return_exceptions=True)


_PLAYS: Final = {
    PASS: Line._pass,
    "request-reset": Line._reset_request,
    "request-truncated": Line._truncate_request,
    "answer-reset": Line._reset_answer,
    "answer-truncated": Line._truncate_answer,
    "half-open": Line._half_open,
    "slow-peer": Line._slow,
    "request-duplicated": Line._duplicate,
    "request-repeated-late": Line._repeat_late,
    "request-overtaken": Line._overtaken,
}
