"""The gateway's client against a server that checks tokens as the gateway does."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.kernel.clock import ManualClock
from shared.kernel.errors import Conflict, MeshError, NotAuthenticated, PeerUnavailable
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.compartments import decode_hub_shares
from shared.seal.keys import KeyRing, SigningKey
from shared.seal.tokens import read_assertion
from shared.transport.gateway_client import GatewayClient
from shared.transport.peer import Peer
from shared.wire.delivery import BatchItemV1
from shared.wire.problem import problem_body, status_of, to_problem
from tests.support.messages import golden_bytes

AGENCY = "anh-duong-house"
ISSUER = "https://gateway.example"
KEY = SigningKey.generate()
BODY = golden_bytes("referral-first")
Handler = Callable[[Request], Response]


def problem(error: MeshError) -> Response:
    body = problem_body(to_problem(error, instance="/", trace_id="0" * 32))
    return Response(body, status_code=status_of(type(error)), media_type="application/problem+json")


class Server:
    """Gives tokens for assertions that hold, takes them back when told to, and remembers what it was asked."""

    def __init__(self, *, expires_in: int = 300) -> None:
        self.clock = ManualClock(datetime(2026, 11, 21, 8, 15, 30, tzinfo=UTC))
        self.expires_in = expires_in
        self.described: Any = {"issuer": ISSUER}
        self.token_type = "Bearer"
        self.granted: list[str] = []
        self.valid: set[str] = set()
        self.seen: list[tuple[Request, bytes]] = []
        self.answers: list[Response] = []
        self.last = JSONResponse({"ok": True})
        self.app = Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self.metadata),
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/{path:path}", self.anything, methods=["GET", "POST", "PUT"]),
            ]
        )

    async def metadata(self, _request: Request) -> Response:
        return JSONResponse(self.described)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        assertion = read_assertion(
            str(form["client_assertion"]), KeyRing(KEY.public), audiences=[ISSUER], at=self.clock.now()
        )
        assert (form["grant_type"], assertion.client_id) == ("client_credentials", AGENCY)
        await asyncio.sleep(0)
        token = f"token-{len(self.granted)}"
        self.granted.append(token)
        self.valid.add(token)
        return JSONResponse({"access_token": token, "token_type": self.token_type, "expires_in": self.expires_in})

    async def anything(self, request: Request) -> Response:
        body = await request.body()
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return problem(NotAuthenticated("token.invalid", "Ask for a new one."))
        self.seen.append((request, body))
        return self.answers.pop(0) if self.answers else self.last

    def client(self, **options: Any) -> GatewayClient:
        peer = Peer("http://gateway", client=httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app)))
        return GatewayClient(
            peer, agency_id=AGENCY, signing_key=KEY, clock=self.clock, ids=Uuid7Factory(self.clock), **options
        )


async def test_token_is_fetched_once_and_kept() -> None:
    server = Server()
    client = server.client()
    for _ in range(3):
        assert await client.get("/v1/sop") == {"ok": True}
    assert server.granted == ["token-0"]


async def test_many_tasks_at_once_fetch_one_token() -> None:
    server = Server()
    client = server.client()
    await asyncio.gather(*(client.get("/v1/sop") for _ in range(20)))
    assert server.granted == ["token-0"]


async def test_token_is_renewed_thirty_seconds_before_it_ends() -> None:
    server = Server(expires_in=300)
    client = server.client()
    await client.get("/v1/sop")
    server.clock.advance(timedelta(seconds=269))
    await client.get("/v1/sop")
    assert server.granted == ["token-0"]
    server.clock.advance(timedelta(seconds=1))
    await client.get("/v1/sop")
    assert server.granted == ["token-0", "token-1"]


async def test_token_that_the_gateway_forgot_is_fetched_anew_once() -> None:
    server = Server()
    client = server.client()
    await client.get("/v1/sop")
    server.valid.clear()
    assert await client.get("/v1/sop") == {"ok": True}
    assert server.granted == ["token-0", "token-1"]


async def test_many_tasks_whose_token_was_forgotten_fetch_one_new_one() -> None:
    server = Server()
    client = server.client()
    await client.get("/v1/sop")
    server.valid.clear()
    await asyncio.gather(*(client.get("/v1/sop") for _ in range(10)))
    assert server.granted == ["token-0", "token-1"]


async def test_gateway_that_takes_no_token_is_not_asked_for_ever() -> None:
    server = Server()
    client = server.client()
    server.valid = _Refusing()
    with pytest.raises(NotAuthenticated, match=r"token\.invalid"):
        await client.get("/v1/sop")
    assert len(server.granted) == 2


async def test_client_with_a_wrong_key_is_told_what_to_check() -> None:
    server = Server()
    peer = Peer("http://gateway", client=httpx.AsyncClient(transport=httpx.ASGITransport(app=_refusing_tokens())))
    client = GatewayClient(
        peer, agency_id=AGENCY, signing_key=KEY, clock=server.clock, ids=Uuid7Factory(server.clock), audience=ISSUER
    )
    with pytest.raises(NotAuthenticated) as caught:
        await client.get("/v1/sop")
    assert caught.value.code == "token.refused"


@pytest.mark.parametrize("described", [{}, {"issuer": 7}, {"issuer": ""}, []])
async def test_server_that_does_not_name_its_issuer_gets_no_assertion(described: Any) -> None:
    server = Server()
    server.described = described
    with pytest.raises(PeerUnavailable, match=r"peer\.answer"):
        await server.client().get("/v1/sop")
    assert server.granted == []


async def test_token_of_another_kind_is_not_used() -> None:
    server = Server()
    server.token_type = "DPoP"
    with pytest.raises(PeerUnavailable, match=r"peer\.answer"):
        await server.client().get("/v1/sop")
    assert server.seen == []


async def test_gateway_that_is_away_when_a_token_is_needed_is_unavailable() -> None:
    server = Server()
    peer = Peer("http://127.0.0.1:1")
    client = GatewayClient(
        peer, agency_id=AGENCY, signing_key=KEY, clock=server.clock, ids=Uuid7Factory(server.clock), audience=ISSUER
    )
    with pytest.raises(PeerUnavailable, match=r"peer\.unreachable"):
        await client.get("/v1/sop")
    await client.close()


async def test_message_goes_out_byte_for_byte_with_signature_and_halves() -> None:
    server = Server()
    server.last = JSONResponse({"referral": {}}, headers={"Mesh-Receipt": "a.b.c", "Idempotent-Replayed": "true"})
    shares = {"identity": "A" * 43}
    posted = await server.client().send_message("/v1/referrals", BODY, "head..signature", shares)
    assert (posted.answer, posted.receipt, posted.replayed) == ({"referral": {}}, "a.b.c", True)
    ((request, body),) = server.seen
    assert (request.method, request.url.path, body) == ("POST", "/v1/referrals", BODY)
    assert request.headers["referral-signature"] == "head..signature"
    assert decode_hub_shares(request.headers["hub-shares"]) == shares


async def test_message_is_sent_again_with_the_same_bytes_when_the_gateway_is_away() -> None:
    server = Server()
    server.answers = [problem(PeerUnavailable("storage.busy", "Later."))]
    assert await server.client().post_message("/v1/referrals", BODY, "a..b", attempts=2) == {"ok": True}
    assert [body for _, body in server.seen] == [BODY, BODY]


async def test_message_that_is_refused_is_not_sent_again() -> None:
    server = Server()
    server.answers = [problem(Conflict("message.id-reused", "Make a new id."))]
    with pytest.raises(Conflict):
        await server.client().post_message("/v1/referrals", BODY, "a..b", attempts=5)
    assert len(server.seen) == 1


async def test_batch_brings_one_result_per_message() -> None:
    server = Server()
    server.last = JSONResponse(
        {"results": [{"status": 202, "body": {}, "receipt": "a.b.c"}, {"status": 403, "body": {"code": "x"}}]}
    )
    item = BatchItemV1(kind="referral", body=BODY.decode(), signature="a..b", hub_shares={"identity": "A" * 43})
    results = await server.client().post_batch([item, item])
    assert [(result.status, result.receipt) for result in results] == [(202, "a.b.c"), (403, None)]
    ((request, body),) = server.seen
    assert request.url.path == "/v1/batches"
    assert json.loads(body)["items"][0]["body"].encode() == BODY


async def test_inbox_is_polled_and_receipts_go_back() -> None:
    server = Server()
    client = server.client()
    server.answers = [JSONResponse({"items": [], "next": "n1"}), JSONResponse({"settled": ["m1"]})]
    inbox = await client.inbox("n0", wait=20)
    assert (inbox.items, inbox.next) == ((), "n1")
    assert await client.post_receipts(["a.b.c"]) == ["m1"]
    assert dict(server.seen[0][0].query_params) == {"wait": "20", "after": "n0"}
    assert json.loads(server.seen[1][1]) == {"receipts": ["a.b.c"]}


async def test_answer_of_another_shape_means_unavailable() -> None:
    server = Server()
    with pytest.raises(PeerUnavailable, match=r"peer\.answer"):
        await server.client().inbox()


async def test_unsigned_documents_are_put_and_posted() -> None:
    server = Server()
    client = server.client(scopes=["directory.write"])
    await client.put(f"/v1/agencies/{AGENCY}/availability", {"accepting": True})
    await client.post("/v1/matches", {"area": "38"})
    assert [(r.method, json.loads(body)) for r, body in server.seen] == [
        ("PUT", {"accepting": True}),
        ("POST", {"area": "38"}),
    ]
    await client.close()


class _Refusing(set[str]):
    """A set of valid tokens in which there never is one."""

    def __contains__(self, token: object) -> bool:
        return False


def _refusing_tokens() -> Starlette:
    async def refuse(_request: Request) -> Response:
        return JSONResponse({"error": "invalid_client"}, status_code=401)

    return Starlette(routes=[Route("/oauth/token", refuse, methods=["POST"])])
