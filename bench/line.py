"""One kept-alive connection on which a client asks and waits for the answer: for acts that follow from one another."""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import Any, Self, cast

from bench.load import UnexpectedAnswer, answer_ends

_HEAD_END = b"\r\n\r\n"


class Line(asyncio.Protocol):
    """Speaks just enough HTTP/1.1; one request is under way at a time."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or UnexpectedAnswer("The server closed the connection."))

    def data_received(self, data: bytes) -> None:
        """Give an answer that is whole to whoever waits for it."""
        self._received += data
        if not answer_ends(self._received) or self._answer is None or self._answer.done():
            return
        answer, self._received = self._received, b""
        self._answer.set_result(answer)

    async def post(self, path: str, document: Mapping[str, Any], *, expected: int = 202) -> Any:
        """Post a document and return the answer's. Raises `UnexpectedAnswer`."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return await self._ask(f"POST {path} HTTP/1.1\r\n{self._head}{head}\r\n".encode() + body, expected)

    async def get(self, path: str, *, expected: int = 200) -> Any:
        """Fetch a document. Raises `UnexpectedAnswer`."""
        head = f"GET {path} HTTP/1.1\r\n{self._head}Access-Reason: case_work\r\n\r\n"
        return await self._ask(head.encode(), expected)

    async def _open(self) -> asyncio.WriteTransport:
        """Connect; servers hang up on who said nothing for some seconds."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port, family=socket.AF_INET)
        return cast(asyncio.WriteTransport, transport)  # the loop's own class is not derived from it

    async def _ask(self, request: bytes, expected: int) -> Any:
        transport = self._transport if self._transport is not None else await self._open()
        self._answer = asyncio.get_running_loop().create_future()
        transport.write(request)
        answer = await self._answer
        if not answer.startswith(b"HTTP/1.1 %d " % expected):
            raise UnexpectedAnswer(answer.decode(errors="replace"))
        return json.loads(answer.partition(_HEAD_END)[2])
