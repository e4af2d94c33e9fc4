"""An answer goes out in one piece where it is there in one turn, and never later than without that."""

import asyncio
import re
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.web.protocol import HeadKeeper, OneWriteProtocol
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
            assert b"content-length: 4" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            going_on.set()
            assert await asyncio.wait_for(reader.readexactly(4), 30) == b"body"
        writer.close()


ANSWERS = {
    "plain": [(b"content-type", b"text/plain"), (b"content-length", b"2")],
    "of the mesh": [(b"content-length", b"2"), (b"x-frame-options", b"DENY"), (b"traceresponse", b"00-1-2-00")],
    "of another name": [(b"content-length", b"2"), (b"x-other", b"1"), (b"X-Upper", b"1")],
    "twice": [(b"content-length", b"2"), (b"cache-control", b"no-store"), (b"cache-control", b"private")],
    "of no length": [(b"content-type", b"text/plain")],
    "with a tabulator": [(b"content-length", b"2"), (b"cache-control", b"no-store,\tprivate")],
    "in Latin": [(b"content-length", b"2"), (b"cache-control", b"caf\xe9")],
    "the last one": [(b"content-length", b"2"), (b"connection", b"close")],
    "broken by a line": [(b"content-length", b"2"), (b"cache-control", b"no-store\r\nx-added: 1")],
    "broken by a control": [(b"content-length", b"2"), (b"cache-control", b"no\x7fstore")],
    "of a wrong length": [(b"content-length", b"3")],
}


async def test_head_is_that_of_the_server_byte_for_byte() -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        case = scope["query_string"].decode().replace("+", " ")
        await send({"type": "http.response.start", "status": 202, "headers": ANSWERS[case]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def answers(protocol: type[HttpToolsProtocol]) -> dict[str, bytes]:
        async with serving(app, http=protocol) as url:
            port = int(url.rpartition(":")[2])
            return {f"{how} {case}": await asked(port, how, case) for case in ANSWERS for how in ("GET", "HEAD")}

    ours = await answers(OneWriteProtocol)
    assert ours == await answers(HttpToolsProtocol)
    assert {case for case, answer in ours.items() if not answer} == {case for case in ours if "broken" in case}


async def asked(port: int, method: str, case: str) -> bytes:
    """Ask twice on one connection, the second time as the last; return all that came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for last in ("", "Connection: close\r\n"):
        writer.write(f"{method} /?{case.replace(' ', '+')} HTTP/1.1\r\nHost: x\r\n{last}\r\n".encode())
    came = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return re.sub(rb"date: [^\r]+", b"date: now", came)


async def read_all(scope: Any, receive: Any, send: Any) -> None:
    """Answer with how much of a body came, once all of it has."""
    count, more = 0, True
    while more:
        message = await receive()
        count, more = count + len(message.get("body", b"")), message.get("more_body", False)
    body = b"%d" % count
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"GET /", b"a"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", b"a"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-Many: a\r\n"),
        (CHUNKED + b"0\r\n", b"X-Trailer: a\r\n"),
        (CHUNKED + b"1", b";name=value"),
    ],
)
async def test_head_without_end_is_not_listened_to_for_ever(begin: bytes, again: bytes) -> None:
    async with serving(read_all) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(begin)
        assert await is_cut(reader, writer, again * (64 * 1024 // len(again)))
        writer.close()


async def is_cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, piece: bytes) -> bool:
    """Send a piece again and again, and say whether the other side ends the connection."""
    try:
        for _ in range(32):
            writer.write(piece)
            await writer.drain()
        await asyncio.wait_for(reader.read(), 30)
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


async def test_large_body_and_many_requests_of_one_connection_are_no_head_without_end() -> None:
    piece = b"%x\r\n%b\r\n" % (8 * 1024, b"a" * 8 * 1024)
    async with serving(read_all) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        for _ in range(3):
            writer.write(CHUNKED + piece * 64 + b"0\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            assert await asyncio.wait_for(reader.readexactly(6), 30) == b"524288"
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 30_000 + b"\r\n\r\n")
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        writer.close()
