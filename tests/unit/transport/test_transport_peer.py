"""Whatever is at the other end of the wire, the caller sees a reply or an error of ours."""

import asyncio
import gzip

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.kernel.errors import ConsentRequired, MeshError, PeerUnavailable, Reason, TooManyRequests
from shared.telemetry.context import enter, leave, new_trace
from shared.transport.peer import ANSWER_MOST, Peer, Reply
from shared.wire.problem import problem_body, to_problem
from tests.support.listener import Answer, listening, saying


async def echo(request: Request) -> Response:
    return JSONResponse(
        {
            "method": request.method,
            "path": request.url.path,
            "query": dict(request.query_params),
            "headers": dict(request.headers),
            "body": (await request.body()).decode(),
        }
    )


async def refuse(_request: Request) -> Response:
    error = ConsentRequired(
        "consent.revoked", "No.", reasons=[Reason("consent.revoked", "R-16", "POL")], ledger_index=4
    )
    problem = to_problem(error, instance="/refuse", trace_id="0" * 32)
    return Response(problem_body(problem), status_code=403, media_type="application/problem+json")


APP = Starlette(
    routes=[
        Route("/base/echo", echo, methods=["GET", "POST"]),
        Route("/base/refuse", refuse),
    ]
)


def peer() -> Peer:
    return Peer("http://gateway/base/", client=httpx.AsyncClient(transport=httpx.ASGITransport(app=APP)))


async def refusal(answer: Answer, *, timeout: float = 5.0) -> MeshError:
    async with listening(answer) as url, Peer(url, timeout=timeout) as other:
        with pytest.raises(MeshError) as caught:
            await other.call("GET", "/")
    return caught.value


async def test_call_sends_exact_bytes_and_the_trace() -> None:
    body = '{"a":  "Nguyễn"}'
    here = new_trace()
    token = enter(here)
    reply = await peer().call("POST", "/echo", content=body.encode(), params={"wait": 3}, headers={"Hub-Shares": "x"})
    leave(token)
    said = reply.document()
    assert (said["method"], said["path"], said["query"], said["body"]) == ("POST", "/base/echo", {"wait": "3"}, body)
    assert said["headers"]["content-type"] == "application/json"
    assert said["headers"]["hub-shares"] == "x"
    assert said["headers"]["traceparent"].split("-")[1] == here.trace_id


async def test_refusal_is_raised_as_the_error_it_was_over_there() -> None:
    with pytest.raises(ConsentRequired) as caught:
        await peer().call("GET", "/refuse")
    assert caught.value.code == "consent.revoked"
    assert caught.value.reasons == (Reason("consent.revoked", "R-16", "POL"),)
    assert caught.value.ledger_index == 4


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("999999", 86_400), ("soon", None), ("-1", None), ("٣", None), ("9" * 30, None)]
)
async def test_retry_after_is_read_when_it_is_a_number_of_seconds(header: str, seconds: int | None) -> None:
    answer = saying(f"HTTP/1.1 429 x\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode())
    error = await refusal(answer)
    assert isinstance(error, TooManyRequests)
    assert error.retry_after == seconds


async def test_nobody_listening_means_unavailable() -> None:
    async with listening(saying(b"")) as url:
        pass
    async with Peer(url) as other:
        with pytest.raises(PeerUnavailable) as caught:
            await other.call("GET", "/")
    assert (caught.value.code, caught.value.retry_after) == ("peer.unreachable", 1)


@pytest.mark.parametrize(
    "said",
    [b"", b"\x00\xff garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut"],
)
async def test_peer_that_speaks_no_http_is_unavailable(said: bytes) -> None:
    assert (await refusal(saying(said))).code == "peer.unreachable"


async def test_redirect_is_not_followed() -> None:
    said = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    assert (await refusal(saying(said))).code == "peer.answer"


async def test_peer_that_drips_forever_is_cut_off_at_the_deadline() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    assert (await refusal(drip, timeout=0.3)).code == "peer.unreachable"


async def test_endless_answer_is_not_read_to_its_end() -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(ANSWER_MOST // 65_536 + 2):
            writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            await writer.drain()

    assert (await refusal(flood)).code == "peer.answer"


async def test_compressed_answer_is_refused_because_it_may_be_a_bomb() -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    assert (await refusal(saying(head + bomb))).code == "peer.answer"


@pytest.mark.parametrize("base", ["http://[::1", "ftp://x", "http://", "http://\u0000", "http://127.0.0.1:99999"])
async def test_address_that_is_none_means_unavailable(base: str) -> None:
    async with Peer(base) as other:
        with pytest.raises(PeerUnavailable):
            await other.call("GET", "/")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_reply_that_is_not_json_says_so(body: bytes) -> None:
    with pytest.raises(PeerUnavailable, match=r"peer\.answer"):
        Reply(200, {}, body).json()


def test_reply_that_is_no_object_is_no_document() -> None:
    with pytest.raises(PeerUnavailable, match=r"peer\.answer"):
        Reply(200, {}, b"[]").document()
    assert Reply(200, {}, b'{"a": 1}').document() == {"a": 1}
