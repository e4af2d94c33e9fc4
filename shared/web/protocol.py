"""HTTP/1.1 as uvicorn speaks it, with the head of an answer sent along with its body.

Owns the way of an answer's bytes to the connection. The server writes head and body one after the other, and each is a
call of the kernel, a packet, and a waking of who waits for it. Here a head waits for what is written next, but not
beyond the end of the loop's turn: an answer whose body comes later, such as a stream, loses nothing. And the server
looks for signs that break a head in each name and each value of it; here a head with nothing but known names is looked
through once, as a whole. Changes no byte and no order. Refuses a head without end, which the server would keep, whoever
sends it: before anybody is known.
"""

import asyncio
from collections.abc import Awaitable, Generator, Mapping, Sequence
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

#: Name in lower case, and value.
Header = tuple[bytes, bytes]
#: So many bytes may come without a head or a piece of a body being complete.
HEAD_MOST: Final = 64 * 1024

_HEAD: Final = b"HTTP/1.1 "
_START: Final = "http.response.start"
_LENGTH: Final = b"content-length"
#: Names that need no look, in lower case as ASGI has them: none of them says how a body or a connection ends but the
#: length. A head with another name is written by the server.
KNOWN: Final = frozenset(
    {
        _LENGTH,
        b"cache-control",
        b"content-security-policy",
        b"content-type",
        b"cross-origin-resource-policy",
        b"date",
        b"idempotent-replayed",
        b"location",
        b"mesh-receipt",
        b"ratelimit",
        b"ratelimit-policy",
        b"referrer-policy",
        b"traceresponse",
        b"x-content-type-options",
        b"x-frame-options",
    }
)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a connection that keeps heads back."""

    _came_of_nothing = 0

    def data_received(self, data: bytes) -> None:
        """Take what came, unless a head, or what stands around a body, is too long."""
        self._came_of_nothing += len(data)
        super().data_received(data)
        if self._came_of_nothing > HEAD_MOST and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """Begin to serve a request."""
        self._came_of_nothing = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of a body."""
        self._came_of_nothing = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._came_of_nothing = 0
        super().on_message_complete()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to serve a connection."""
        super().connection_made(HeadKeeper(transport, self.loop))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, _Serving(cycle, app))


class _Serving:
    """The application for one request, with a shorter way for the heads of its answers."""

    __slots__ = ("_app", "_cycle")

    def __init__(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._cycle = cycle
        self._app = app

    def __call__(self, scope: Any, receive: Any, _send: Any) -> Awaitable[None]:
        served: Awaitable[None] = self._app(scope, receive, self._send)
        return served

    def _send(self, message: Any) -> Awaitable[None]:
        """Write a head that needs no look; leave everything else to the server."""
        cycle = self._cycle
        if message["type"] == _START and _is_plain(cycle):
            headers = [*cycle.default_headers, *message.get("headers", ())]
            given = dict(headers)
            if _needs_no_look(headers, given):
                cycle.response_started, cycle.chunked_encoding = True, False
                cycle.waiting_for_100_continue = False
                cycle.expected_content_length = int(given[_LENGTH])
                lines = [STATUS_LINE[message["status"]], *[b"%b: %b\r\n" % pair for pair in headers], b"\r\n"]
                cycle.transport.write(b"".join(lines))
                return _NOTHING
        return cycle.send(message)


class _Nothing:
    """What there is to await when all is done."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_NOTHING: Final = _Nothing()


def _is_plain(cycle: RequestResponseCycle) -> bool:
    """Say whether nothing but the head itself has to be looked at: no full buffer, no log, no last answer."""
    begins = not (cycle.response_started or cycle.disconnected or cycle.flow.write_paused)
    return begins and cycle.keep_alive and not cycle.access_log


def _needs_no_look(headers: Sequence[Header], given: Mapping[bytes, bytes]) -> bool:
    """Say whether every name is known and stands there once, a length is given, and no value breaks its line.

    A value that can be printed has no sign that none may have (RFC 9110 section 5.5).
    """
    if len(given) != len(headers) or _LENGTH not in given or not KNOWN.issuperset(given):
        return False
    return b" ".join(given.values()).decode("latin-1").isprintable()


class HeadKeeper(asyncio.Transport):
    """A connection on which a head is written together with what follows it."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._head = b""
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]  # what is not changed costs no step
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]

    def write(self, data: Any) -> None:
        """Write, or keep a head until the next piece or the end of this turn."""
        if self._head:
            data, self._head = b"".join((self._head, data)), b""
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        """Write what is kept, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)
