"""The outermost fence of a service: what comes in is bounded, what goes out is marked, nothing escapes.

Owns the body cap, the check of the request target, `HEAD`, the security headers and the last resort for exceptions.
Pure ASGI. Answers are kept by no cache unless a route says otherwise, because devices are shared (R-20). Promises that
an exception never reaches the server with its text, that a body over the cap is never read to its end, and that a path
or a query with U+0000, broken percent-encoding or bytes that are not UTF-8 goes no further. Follows RFC 9110 sections
9.3.2, 15.5.14 and RFC 3986 section 2.1.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from starlette.requests import ClientDisconnect

from shared.kernel.errors import FieldFault, InputRejected, MeshError, NotFound, TooLarge
from shared.web.drain import Drain
from shared.web.problems import fault_response, problem_response
from shared.web.rate_limit import SCOPE_KEY

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
#: Name in lower case, and value.
Header = tuple[bytes, bytes]

#: Bytes of a body, where a path has no cap of its own (wire contract, section 1).
BODY_MOST: Final = 512 * 1024
_BAD_QUERY: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})|%00|[^\x21-\x7e]")
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_UNLESS_SET: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


#: How much of a body over the cap is read to its end only to be thrown away.
DISCARDED_MOST: Final = 8 * 1024 * 1024
_DISCARD_SECONDS: Final = 5.0


class AnswerBroken(Exception):
    """An answer broke off after it began; the server must cut the connection. Carries no text of the cause."""


class Edge:
    """Pure ASGI middleware; stands just inside the trace. `caps` gives paths their own cap, in bytes."""

    def __init__(self, app: App, *, caps: Mapping[str, int], drain: Drain) -> None:
        self.app = app
        self._caps = dict(caps)
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        body = self._body(scope, receive)
        answer = _Answer(inner, send, body, has_body=inner is scope, drain=self._drain)
        try:
            check_target(scope)
            await self.app(inner, body.receive, answer.send)
        except ClientDisconnect:
            return
        except MeshError as error:
            response = problem_response(error)
        except Exception as error:  # noqa: BLE001 - the edge: logged there by type and place, answered with one sentence
            response = fault_response(error)
        else:
            return
        finally:
            scope["route"] = inner.get("route")
        if answer.started:
            raise AnswerBroken from None
        await response(scope, receive, answer.send)

    def _body(self, scope: Scope, receive: Receive) -> "Body":
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), None)
        return Body(receive, cap=self._caps.get(scope["path"], BODY_MOST), declared=declared)


class Body:
    """A request's body, read no further than its cap.

    One that is over it is refused when it is first read: by then the caller is known, so that the refusal can be
    recorded. What the caller is still sending is thrown away before the answer, within bounds, because a connection
    closed upon unread bytes takes the answer with it; then the connection is closed.
    """

    def __init__(self, receive: Receive, *, cap: int, declared: bytes | None) -> None:
        self.is_over = declared is not None and not (declared.isdigit() and int(declared[:20]) <= cap)
        self._receive = receive
        self._cap = cap
        self._read = 0

    async def whole(self) -> bytes:
        """Read to the end. Raises `TooLarge`, and `ClientDisconnect` where there is none."""
        parts: list[bytes] = []
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)

    async def receive(self) -> Message:
        """Return the next piece, as the server does. Raises `TooLarge`."""
        if self.is_over:
            raise self._refusal()
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._cap:
            self.is_over = True
            raise self._refusal()
        return message

    async def discard(self) -> None:
        """Throw away what is still coming of a body over the cap, up to `DISCARDED_MOST` bytes and a few seconds."""
        left = DISCARDED_MOST
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DISCARD_SECONDS):
                while left > 0:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return

    def _refusal(self) -> TooLarge:
        return TooLarge("message.too-large", f"Send at most {self._cap} bytes.")


class _Answer:
    """Sends an answer on, with the headers that every answer has and without the body of a `HEAD`."""

    def __init__(self, scope: Scope, send: Send, body: Body, *, has_body: bool, drain: Drain) -> None:
        self.started = False
        self._drain = drain
        self._body = body
        self._scope = scope
        self._send = send
        self._has_body = has_body

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if self._body.is_over:
                await self._body.discard()
            closes = self._body.is_over or self._drain.has_begun
            message["headers"] = marked(message.get("headers", ()), self._scope, closes=closes)
        elif not self._has_body and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def marked(given: Iterable[Header], scope: Scope, *, closes: bool) -> list[Header]:
    """Return the headers of an answer with those that every answer has; one that `closes` ends its connection."""
    headers = list(given)
    names = dict(headers)
    headers += [pair for pair in _UNLESS_SET if pair[0] not in names]
    headers += _HEADERS
    headers += scope.get(SCOPE_KEY, ())
    if closes:
        headers.append((b"connection", b"close"))
    return headers


def check_target(scope: Scope) -> None:
    """Check path and query for what no handler should see. Raises `NotFound`, or `InputRejected` for the query."""
    path: str = scope["path"]
    if not path.isprintable() or "\ufffd" in path:
        raise NotFound("route.unknown", "There is nothing at this path.")
    query: bytes = scope["query_string"]
    if query and (_BAD_QUERY.search(query) or not _is_utf8(unquote_to_bytes(query))):
        fault = FieldFault("/query", "field.form", "Write the query as percent-encoded UTF-8, without U+0000.")
        raise InputRejected("message.invalid", "The query cannot be read.", faults=(fault,))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
