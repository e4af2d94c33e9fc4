"""Bodies: bounded, of one content type, and JSON in the strict sense."""

import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import InputRejected
from shared.web.body import parse_json
from shared.web.edge import BODY_MOST, DISCARDED_MOST
from tests.support.web_app import client_of, sample_app

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sample_app(body_caps={"/v1/things": 2 * BODY_MOST})) as client:
        yield client


async def post(client: httpx.AsyncClient, body: bytes, *, path: str = "/v1/slow-things") -> httpx.Response:
    return await client.post(path, content=body, headers=JSON)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": }',
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"count": -Infinity}',
        b'{"name": "\xff"}',
        b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf{"name": "a"}',
        b'{"name": "a"} {"name": "b"}',
        b"[" * 100_000,
        b'{"notes":' * 20_000,
        b"[" * 65 + b"]" * 65,
        b'{"count": ' + b"9" * 5_000 + b"}",
        b'{"name": "a\x00b"}',
        b"'name'",
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_what_is_not_json_is_said_not_to_be(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "message.not-json")


async def test_name_given_twice_is_refused_at_any_depth(client: httpx.AsyncClient) -> None:
    answer = await post(client, b'{"name": "a", "notes": {"x": "1", "x": "2"}}')
    assert (answer.status_code, answer.json()["code"]) == (422, "message.repeated-name")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (rb'{"name": "a\u0000b"}', "/name"),
        (rb'{"name": "a\ud800b"}', "/name"),
        (rb'{"name": "a", "notes": {"key": "\u0000"}}', "/notes/key"),
        (rb'{"name": "a", "notes": {"Nguyen Van A": "\u0000"}}', "/notes"),
        (rb'{"name": "a", "notes": {"\u0000": "x"}}', "/notes"),
    ],
)
async def test_text_that_no_database_takes_is_pointed_at(client: httpx.AsyncClient, body: bytes, pointer: str) -> None:
    answer = await post(client, body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("text", [r"\\u0000", r"\ud83d\ude00", "nước mắm"])
async def test_text_that_only_looks_like_it_is_accepted(client: httpx.AsyncClient, text: str) -> None:
    assert (await post(client, f'{{"name": "{text}"}}'.encode())).status_code == 201


async def test_fault_of_the_model_is_pointed_at(client: httpx.AsyncClient) -> None:
    answer = await post(client, json.dumps({"count": "1", "colour": "red"}).encode())
    faults = {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}
    assert faults == {("/name", "field.required"), ("/count", "field.type"), ("/colour", "field.unknown")}


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/xml", "application/jsonp", "text/json", "application/octet-stream"]
)
@pytest.mark.parametrize("path", ["/v1/things", "/v1/slow-things"])
async def test_other_content_type_is_refused(client: httpx.AsyncClient, path: str, content_type: str) -> None:
    answer = await client.post(path, content=b'{"name": "a"}', headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "message.media-type")


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("br", 415), ("Identity", 201)])
async def test_encoded_body_is_refused_before_it_is_read(client: httpx.AsyncClient, encoding: str, status: int) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    assert (await client.post("/v1/slow-things", content=b'{"name": "a"}', headers=headers)).status_code == status


async def test_two_content_types_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    assert (await client.post("/v1/slow-things", content=b"{}", headers=headers)).status_code == 415


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"]
)
async def test_json_by_another_spelling_is_taken(client: httpx.AsyncClient, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert (await client.post("/v1/slow-things", content=b'{"name": "a"}', headers=headers)).status_code == 201


async def test_body_over_the_cap_is_refused_when_it_is_read(client: httpx.AsyncClient) -> None:
    answer = await post(client, b" " * (BODY_MOST + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "message.too-large")


async def test_body_that_does_not_tell_its_length_is_counted(client: httpx.AsyncClient) -> None:
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1_000):
            read += 65_536
            yield b" " * 65_536

    answer = await client.post("/v1/slow-things", content=chunks(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "message.too-large")
    assert read <= BODY_MOST + DISCARDED_MOST + 2 * 65_536


async def test_stranger_is_not_told_how_much_would_be_too_much() -> None:
    async with client_of(sample_app(), token=None) as stranger:
        assert (await post(stranger, b" " * (BODY_MOST + 1))).status_code == 401


async def test_connection_is_closed_after_a_body_that_nobody_read(client: httpx.AsyncClient) -> None:
    large = {"Content-Length": str(2 * BODY_MOST + 1)}
    unread = await client.get("/v1/things", headers=large)
    assert (unread.status_code, unread.headers["connection"]) == (200, "close")
    refused = await post(client, b" " * (BODY_MOST + 1))
    assert (refused.status_code, refused.headers["connection"]) == (413, "close")
    assert "connection" not in (await client.get("/v1/things")).headers


async def test_path_may_have_a_cap_of_its_own(client: httpx.AsyncClient) -> None:
    assert (await post(client, b'{"name": "a"}' + b" " * BODY_MOST, path="/v1/things")).status_code == 202
    assert (await post(client, b" " * (2 * BODY_MOST + 1), path="/v1/things")).status_code == 413


async def test_length_that_is_no_number_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/slow-things", content=b"{}", headers={**JSON, "Content-Length": "x"})
    assert answer.status_code == 413


async def test_form_is_read_by_its_own_rules(client: httpx.AsyncClient) -> None:
    assert (await client.post("/oauth/token", data={"grant_type": "client_credentials"})).status_code == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"grant_type=a&grant_type=b", b"grant_type=%FF", b"grant_type=%00", b"\xff", b"a=1&" * 40, b"x=1"):
        answer = await client.post("/oauth/token", content=body, headers=form)
        assert (answer.status_code, answer.json()["code"]) == (422, "message.invalid")
    answer = await client.post("/oauth/token", json={"grant_type": "a"})
    assert answer.status_code == 415
    assert "x-www-form-urlencoded" in answer.json()["detail"]
    assert "form" in answer.json()["mend"]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with contextlib.suppress(InputRejected):
        parse_json(body)


_TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_every_storable_value_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


async def test_a_body_that_may_be_left_out_takes_its_defaults(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/steps")).json() == {"done": True}
    assert (await post(client, b'{"count": 2}', path="/v1/steps")).json() == {"done": False}


async def test_a_body_that_may_be_left_out_is_read_as_strictly_as_any(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/steps", content=b"{}", headers={"Content-Type": "text/plain"})).status_code == 415
    assert (await post(client, b'{"count": 2', path="/v1/steps")).status_code == 422


def test_the_document_says_which_body_may_be_left_out() -> None:
    paths = sample_app().openapi()["paths"]
    assert not paths["/v1/steps"]["post"]["requestBody"]["required"]
    assert paths["/v1/slow-things"]["post"]["requestBody"]["required"]
