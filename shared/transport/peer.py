"""One other machine, reached over HTTP.

Owns the connection to one destination: at most four sockets, a deadline for the whole call, an answer of
bounded size, no redirects, no proxy taken from the environment, the trace passed on. Promises that the
caller sees a `Reply` for a success and a `MeshError` for everything else: a problem document comes back as
the error it was, a broken network as `PeerUnavailable`. Nothing a peer sends is believed beyond that.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from shared.kernel.errors import MeshError, PeerUnavailable
from shared.telemetry.context import current_traceparent
from shared.transport.reach import Reach, WithinReach
from shared.wire.problem import to_error

#: Seconds for one whole call, connecting and reading included.
TIMEOUT: Final = 15.0
#: The largest answer that is read, in bytes: a page of deliveries of 2 MiB, escaped.
ANSWER_MOST: Final = 8 * 1024 * 1024

#: Statuses that are no refusal, and all that there are.
SUCCESS: Final = range(200, 300)
ANY_STATUS: Final = range(1000)

_CONNECTIONS_MOST: Final = 4
_PORTS: Final = range(1, 65_536)
_RETRY_AFTER_MOST: Final = 86_400
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


def is_web_address(url: str) -> bool:
    """Say whether there can be anybody at `url`: http or https, a host, and a port that exists."""
    try:
        parts, read = urlsplit(url), httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        return False
    return parts.scheme in {"http", "https"} and bool(read.host) and _is_port(read.port)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body as JSON. Raises `PeerUnavailable` (`peer.answer`)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise _odd_answer() from None

    def document(self) -> dict[str, Any]:
        """Read the body as a JSON object. Raises `PeerUnavailable` (`peer.answer`)."""
        value = self.json()
        if not isinstance(value, dict):
            raise _odd_answer()
        return value


class Peer:
    """A destination. Make one per destination, share it between tasks of one event loop, close it at the end."""

    def __init__(
        self,
        base_url: str,
        *,
        client: httpx.AsyncClient | None = None,
        reach: Reach | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Take the destination's base URL, and within what `reach` it must be where somebody else chose it.

        `client` only where another transport is wanted, as in tests.
        """
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self._owned = client is None
        self._client = client or _client(base_url, reach)

    async def __aenter__(self) -> Self:
        """Return this peer."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections that this peer opened."""
        if self._owned:
            await self._client.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        answers: range = SUCCESS,
    ) -> Reply:
        """Send one request and return its answer.

        `path` begins with a slash; `timeout` is in seconds for the whole call; `answers` are the statuses that are
        returned: with `ANY_STATUS` all of them, for protocols whose refusals are no problem documents. Raises
        `PeerUnavailable` (`peer.unreachable`, `peer.answer`), `NotPermitted` (`webhook.address`) for what is not within
        reach, or the error that the peer's answer stands for.
        """
        allowed = self.timeout if timeout is None else timeout
        try:
            request = self._client.build_request(
                method,
                self.base_url + path,
                content=content,
                params=params,
                headers=_headers(headers, has_body=content is not None),
                timeout=httpx.Timeout(allowed),
            )
            if not _is_port(request.url.port):
                raise httpx.InvalidURL("no such port")
            async with asyncio.timeout(allowed):
                reply = await self._exchange(request)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TimeoutError, OSError, UnicodeError):
            raise PeerUnavailable(
                "peer.unreachable", "The other side cannot be reached now. Try again later.", retry_after=1
            ) from None
        if reply.status not in answers:
            raise _refusal(reply)
        return reply

    async def _exchange(self, request: httpx.Request) -> Reply:
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise _odd_answer()
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > ANSWER_MOST:
                    raise _odd_answer()
        finally:
            await response.aclose()
        return Reply(response.status_code, dict(response.headers), bytes(body))


def _client(base_url: str, reach: Reach | None) -> httpx.AsyncClient:
    direct = httpx.AsyncHTTPTransport(
        limits=httpx.Limits(max_connections=_CONNECTIONS_MOST, max_keepalive_connections=_CONNECTIONS_MOST),
        trust_env=False,
        verify=_trusted(base_url),
    )
    return httpx.AsyncClient(transport=direct if reach is None else WithinReach(reach, direct), trust_env=False)


def _trusted(base_url: str) -> ssl.SSLContext:
    """Return whom a connection believes: the authorities that the client knows, nobody where nothing is encrypted."""
    is_plain = base_url.lower().startswith("http://")
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else _authorities()


@cache
def _authorities() -> ssl.SSLContext:
    """Read the authorities once for all destinations: they take a few hundredths of a second, and 2 MiB."""
    return httpx.create_ssl_context(trust_env=False)


def _is_port(port: int | None) -> bool:
    return port is None or port in _PORTS


def _headers(given: Mapping[str, str] | None, *, has_body: bool) -> dict[str, str]:
    headers = {"accept": "application/json", "accept-encoding": "identity", "traceparent": current_traceparent()}
    if has_body:
        headers["content-type"] = "application/json"
    return headers | {name.lower(): value for name, value in (given or {}).items()}


def _refusal(reply: Reply) -> MeshError:
    given = reply.headers.get("retry-after", "")
    seconds = min(int(given), _RETRY_AFTER_MOST) if _SECONDS.fullmatch(given) else None
    return to_error(reply.status, reply.body, retry_after=seconds)


def _odd_answer() -> PeerUnavailable:
    return PeerUnavailable("peer.answer", "The other side did not answer as agreed. Try again later.")
