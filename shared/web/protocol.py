"""HTTP/1.1 as uvicorn speaks it, with the head of an answer sent along with its body.

Owns the way of an answer's bytes to the connection. The server writes head and body one after the other, and each is a
call of the kernel, a packet, and a waking of who waits for it. Here a head waits for what is written next, but not
beyond the end of the loop's turn: an answer whose body comes later, such as a stream, loses nothing. Changes no byte
and no order.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD: Final = b"HTTP/1.1 "


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a connection that keeps heads back."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to serve a connection."""
        super().connection_made(HeadKeeper(transport, self.loop))


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
