"""Just enough HTTP/1.1 to carry what the mesh says: whole messages with a length, read, changed, sent or broken off."""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

END: Final = b"\r\n\r\n"
LARGEST: Final = 16 * 1024 * 1024
_LENGTH: Final = b"\r\ncontent-length:"
_RESET: Final = struct.pack("ii", 1, 0)

#: What reading and writing may end with when the other side, or somebody in between, breaks off.
BROKEN: Final = (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer as it went over the wire."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """All its bytes."""
        return self.head + self.body

    @property
    def start(self) -> list[str]:
        """The words of its first line."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.start[1])

    def header(self, name: str) -> str | None:
        """Return the value of a header."""
        found = self.head.lower().find(b"\r\n" + name.lower().encode() + b":")
        if found < 0:
            return None
        begin = found + len(name) + 3
        return self.head[begin : self.head.index(b"\r\n", begin)].decode("latin-1").strip()


async def read_message(reader: asyncio.StreamReader) -> Message:
    """Read one whole message. Raises one of `BROKEN`."""
    head = await reader.readuntil(END)
    at = head.lower().find(_LENGTH)
    length = int(head[at + len(_LENGTH) : head.index(b"\r\n", at + 2)]) if at >= 0 else 0
    return Message(head, await reader.readexactly(length) if length else b"")


@dataclass(slots=True)
class Wire:
    """One connection to a server of this machine."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int) -> "Wire":
        """Connect. Raises one of `BROKEN`."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=LARGEST))

    @property
    def is_open(self) -> bool:
        """Say whether the other side has not hung up."""
        return not self.reader.at_eof() and not self.writer.is_closing()

    async def ask(self, raw: bytes) -> Message:
        """Send a request and read its answer. Raises one of `BROKEN`."""
        try:
            self.writer.write(raw)
        except RuntimeError as closed:  # what the loop says of a transport that was closed meanwhile
            raise ConnectionResetError from closed
        return await read_message(self.reader)

    def close(self) -> None:
        """Hang up."""
        with suppress(*BROKEN, RuntimeError):
            self.writer.close()

    def reset(self) -> None:
        """Break the connection off with a reset."""
        reset(self.writer)


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off so that the other side sees a reset, not an end."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a whole request."""
    given = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
