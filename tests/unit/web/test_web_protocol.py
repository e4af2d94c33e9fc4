"""An answer goes out in one piece where it is there in one turn, and never later than without that."""

import asyncio
from typing import Any

from shared.web.protocol import HeadKeeper
from tests.support.serving import serving

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Connection(asyncio.Transport):
    """A connection that remembers what was written, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes | str] = []
        self.gone = False

    def write(self, data: Any) -> None:
        self.seen.append(bytes(data))

    def is_closing(self) -> bool:
        return self.gone

    def close(self) -> None:
        self.seen.append("closed")

    def pause_reading(self) -> None:
        self.seen.append("paused")

    def resume_reading(self) -> None:
        self.seen.append("resumed")


def kept() -> tuple[Connection, HeadKeeper]:
    connection = Connection()
    return connection, HeadKeeper(connection, asyncio.get_running_loop())


async def turn() -> None:
    """Let the loop finish what it has begun."""
    await asyncio.sleep(0)


async def test_head_and_body_are_one_piece() -> None:
    connection, keeper = kept()
    for _ in range(2):
        keeper.write(HEAD)
        keeper.write(b"body")
    await turn()
    assert connection.seen == [HEAD + b"body"] * 2


async def test_head_whose_body_comes_later_does_not_wait_for_it() -> None:
    connection, keeper = kept()
    keeper.write(HEAD)
    await turn()
    assert connection.seen == [HEAD]
    keeper.write(b"bo")
    keeper.write(b"dy")
    await turn()
    assert connection.seen == [HEAD, b"bo", b"dy"]


async def test_connection_is_closed_upon_all_that_was_written() -> None:
    connection, keeper = kept()
    keeper.write(HEAD)
    keeper.close()
    await turn()
    assert connection.seen == [HEAD, "closed"]


async def test_nothing_is_written_to_who_has_gone_meanwhile() -> None:
    connection, keeper = kept()
    keeper.write(HEAD)
    connection.gone = True
    await turn()
    assert (connection.seen, keeper.is_closing()) == ([], True)


async def test_reading_is_paused_where_it_happens() -> None:
    connection, keeper = kept()
    keeper.pause_reading()
    keeper.resume_reading()
    assert connection.seen == ["paused", "resumed"]


async def test_stream_reaches_a_caller_piece_by_piece() -> None:
    going_on = asyncio.Event()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await going_on.wait()
        await send({"type": "http.response.body", "body": b"body"})

    async with serving(app) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2)  # the second waits for the first one's answer
        for _ in range(2):
            assert b"content-length: 4" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            going_on.set()
            assert await asyncio.wait_for(reader.readexactly(4), 5) == b"body"
        writer.close()
