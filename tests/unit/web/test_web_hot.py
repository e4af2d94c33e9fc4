"""Hot routes: another way to the same answers."""

from typing import Any

import pytest

from shared.kernel.errors import InternalFault, MeshError
from shared.telemetry.tracing import Telemetry
from shared.web.drain import Drain
from shared.web.edge import BODY_MOST, AnswerBroken
from shared.web.factory import MeshApp, document_route
from shared.web.hot import Call, HotHandler, Reply, json_reply
from shared.web.openapi import operation
from shared.web.rate_limit import RateLimit, RatePolicy
from shared.web.security import Principal, RequiredScope
from tests.support.web_app import TOKEN, DoneV1, ThingV1, client_of, sample_app

ABOUT = "/v1/things/{id}/events"
JSON = {"Content-Type": "application/json"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
THING = b'{"name": "a"}'


async def tell(call: Call) -> Reply:
    """Say what the handler was given."""
    pieces = [call.about or "", call.first(b"x-word") or "none", str(len(await call.body.whole()))]
    return json_reply(f'"{" ".join(pieces)}"', (b"mesh-word", b"x"), status=202)


def add(
    app: MeshApp, handler: HotHandler = tell, *, path: str = ABOUT, method: str = "POST", **changes: Any
) -> MeshApp:
    given: dict[str, Any] = {"guard": RequiredScope("things.write"), **changes}
    operates = operation("Tell", body=ThingV1, answers={202: DoneV1})
    document_route(app, path, handler, method=method, operation=operates, models=[ThingV1, DoneV1], **given)
    return app


def limited(**changes: Any) -> MeshApp:
    return sample_app(rate_limit=RateLimit(RatePolicy(9, 10), timer=lambda: 0.0), **changes)


SAME = {
    "admitted": (THING, {}, ""),
    "no-token": (THING, {"Authorization": ""}, ""),
    "no-json": (b"{", {}, ""),
    "no-thing": (b'{"count": "1"}', {}, ""),
    "other-type": (THING, {"Content-Type": "text/plain"}, ""),
    "encoded": (THING, {"Content-Encoding": "gzip"}, ""),
    "too-large": (b" " * (BODY_MOST + 1), {}, ""),
    "query": (THING, {}, "?colour=red"),
    "bad-query": (THING, {}, "?a=%00"),
}


@pytest.mark.parametrize("how", SAME)
@pytest.mark.parametrize("draining", [False, True])
async def test_caller_cannot_tell_which_way_a_call_went(how: str, *, draining: bool) -> None:
    body, changes, query = SAME[how]
    drain = Drain()
    drain.has_begun = draining
    answers = []
    for path in ("/v1/things", "/v1/slow-things"):
        async with client_of(limited(drain=drain)) as client:
            answers.append(await client.post(path + query, content=body, headers={**JSON, **changes}))
    hot, slow = answers
    assert [name for name, _ in hot.headers.raw] == [name for name, _ in slow.headers.raw]
    told = {"content-length", "traceresponse", "mesh-word"}
    assert {k: v for k, v in hot.headers.items() if k not in told} == {
        k: v for k, v in slow.headers.items() if k not in told
    }
    assert how == "admitted" or (hot.status_code, hot.json()["code"]) == (slow.status_code, slow.json()["code"])
    assert ("close" in hot.headers.get("connection", "")) == (draining or how == "too-large")


async def test_handler_is_told_what_the_path_is_about() -> None:
    async with client_of(add(sample_app())) as client:
        answer = await client.post("/v1/things/abc-1/events", content=b"12345", headers={"X-Word": "first"})
        assert (answer.status_code, answer.json()) == (202, "abc-1 first 5")
        for path in ("/v1/things//events", "/v1/things/a/b/events", "/v1/things/abc/other", "/v1/things/%00/events"):
            assert (await client.post(path, content=b"")).json()["code"] == "route.unknown"
        other = await client.put("/v1/things/abc/events")
        assert (other.status_code, other.headers["allow"]) == (405, "OPTIONS, POST")
        assert (await client.head("/v1/things/abc/events")).status_code == 405


@pytest.mark.parametrize(
    ("path", "method"),
    [("/v1/{id}", "POST"), ("/v1/{a}/{b}", "POST"), ("/v1/x{id}/events", "POST"), (ABOUT, "GET"), ("/v1/x", "GET")],
)
def test_path_that_the_door_cannot_tell_is_refused_when_it_is_made(path: str, method: str) -> None:
    with pytest.raises(InternalFault):
        add(sample_app(), path=path, method=method)


async def test_header_given_twice_is_read_as_everywhere() -> None:
    twice = [("X-Word", "first"), ("X-Word", "second"), ("traceparent", PARENT), ("traceparent", PARENT)]
    async with client_of(add(sample_app()), token=None) as client:
        path, good = "/v1/things/a/events", ("Authorization", f"Bearer {TOKEN}")
        answer = await client.post(path, content=b"", headers=[*twice, good])
        assert answer.json() == "a first 0"
        assert PARENT[3:35] not in answer.headers["traceresponse"]
        traced = await client.post(path, content=b"", headers=[good, ("traceparent", PARENT)])
        assert PARENT[3:35] in traced.headers["traceresponse"]
        refused = await client.post(path, content=b"", headers=[good, good])
        assert (refused.status_code, refused.json()["code"]) == (401, "token.invalid")
        types = [("Content-Type", "application/json")] * 2
        assert (await client.post("/v1/things", content=THING, headers=[*types, good])).status_code == 415


async def test_refusal_of_a_known_caller_is_told_before_it_is_answered() -> None:
    told = []

    async def refused(caller: Principal, error: MeshError) -> MeshError:
        told.append((caller.subject, error.code))
        return error

    app = add(sample_app(), guard=RequiredScope("things.other"), refused=refused)
    async with client_of(app) as client:
        assert (await client.post("/v1/things/a/events")).json()["code"] == "token.scope"
        assert (await client.post("/v1/things/a/events", headers={"Authorization": "Bearer bad"})).status_code == 401
    assert told == [("agency-a", "token.scope")]


async def test_what_a_handler_breaks_by_is_not_said() -> None:
    async def breaking(_call: Call) -> Reply:
        raise ValueError("CANARY")

    app = add(sample_app(telemetry=(telemetry := Telemetry("sample"))), breaking)
    async with client_of(app) as client:
        answer = await client.post("/v1/things/a/events")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal.fault")
    assert "CANARY" not in answer.text
    counted = f'http_requests_total{{method="POST",route="{ABOUT}",status="500"}} 1.0'
    assert counted in telemetry.metrics.text().decode()


def scope_of(path: str) -> dict[str, Any]:
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", b"application/json")]
    return {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}


async def test_caller_that_goes_away_before_its_body_ends_gets_no_answer() -> None:
    pieces = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await sample_app()(scope_of("/v1/things"), receive, send)
    assert (pieces, sent) == ([], [])


async def test_body_in_pieces_is_put_together() -> None:
    async def pieces() -> Any:
        for piece in (THING[:5], b"", THING[5:]):
            yield piece

    async with client_of(sample_app()) as client:
        assert (await client.post("/v1/things", content=pieces(), headers=JSON)).status_code == 202


async def test_answer_that_breaks_off_takes_no_text_with_it() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": THING}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise RuntimeError("CANARY")

    with pytest.raises(AnswerBroken) as broken:
        await sample_app()(scope_of("/v1/things"), receive, send)
    assert (broken.value.args, broken.value.__cause__, broken.value.__suppress_context__) == ((), None, True)


async def test_framework_does_not_serve_what_has_a_door() -> None:
    (route,) = [route for route in sample_app().router.routes if getattr(route, "handler", None)]
    with pytest.raises(InternalFault):
        await route.app({}, None, None)  # type: ignore[attr-defined]
