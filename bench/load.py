"""The load: requests made beforehand, sent over kept-alive connections as fast as answers come back.

Speaks just enough HTTP/1.1 to cost little: it must not be what limits the rate. Each connection has one request
under way (a closed loop), so concurrency is the number of connections. Any answer but the expected one ends the
measurement: a refused referral is not an admitted one.
"""

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import uvloop

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_SECONDS_MOST = 120


class UnexpectedAnswer(Exception):
    """The server answered something other than was asked for; its text is what it said."""


@dataclass(frozen=True, slots=True)
class Window:
    """One timed stretch: how many requests, how long, and the processor time of the load generator itself."""

    requests: int
    seconds: float
    own_cpu_seconds: float
    latencies: Sequence[float]


class _Connection(asyncio.Protocol):
    """One connection: sends the next request as soon as an answer is complete."""

    def __init__(self, requests: Iterator[bytes], expected: int) -> None:
        self._requests = requests
        self._expected = b"HTTP/1.1 %d " % expected
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # the loop's own class is not derived from it

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or UnexpectedAnswer("The server closed the connection."))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not answer_ends(self._received):
            return
        answer, self._received = self._received, b""
        if not answer.startswith(self._expected):
            self._end(UnexpectedAnswer(answer.decode(errors="replace")))
            return
        self.latencies.append(time.perf_counter() - self._sent_at)
        self.send_next()

    def send_next(self) -> None:
        """Send one request more, or be done."""
        request = next(self._requests, None)
        if request is None:
            self._end(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def _end(self, fault: Exception | None) -> None:
        if self.done.done():
            return
        if fault is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(fault)


def run(ports: Sequence[int], requests: Sequence[bytes], *, concurrency: int, expected: int = 202) -> Window:
    """Send all requests to this machine; connections take the `ports` in turn. Raises `UnexpectedAnswer`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(ports, requests, concurrency=concurrency, expected=expected))


async def _run(ports: Sequence[int], requests: Sequence[bytes], *, concurrency: int, expected: int) -> Window:
    waiting = iter(requests)
    connections = [await _connect(ports[turn % len(ports)], waiting, expected) for turn in range(concurrency)]
    started, cpu = time.perf_counter(), time.process_time()
    try:
        for connection in connections:
            connection.send_next()
        async with asyncio.timeout(_SECONDS_MOST):
            await asyncio.gather(*(connection.done for connection in connections))
    finally:
        seconds, own_cpu = time.perf_counter() - started, time.process_time() - cpu
        for connection in connections:
            connection.close()
    latencies = [latency for connection in connections for latency in connection.latencies]
    return Window(len(requests), seconds, own_cpu, latencies)


async def _connect(port: int, requests: Iterator[bytes], expected: int) -> _Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: _Connection(requests, expected), "127.0.0.1", port, family=socket.AF_INET
    )
    return connection


def answer_ends(received: bytes) -> bool:
    """Say whether an answer is there whole."""
    head_end = received.find(_HEAD_END)
    return head_end >= 0 and len(received) >= head_end + len(_HEAD_END) + _length(received[:head_end])


def _length(head: bytes) -> int:
    at = head.lower().find(_LENGTH)
    return int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
