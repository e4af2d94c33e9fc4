"""A hop is authenticated over its exact bytes; each negative test names the attack."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.kernel.errors import InternalFault, NotAuthenticated
from shared.transport.peer import Peer
from shared.transport.webhooks import Webhooks, deliver, is_webhook_secret, new_webhook_secret

AT = datetime(2026, 11, 21, 8, 15, 30, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
BODY = '{"items": ["Nguyễn"]}'.encode()
HOOKS = Webhooks((SECRET,))


def signed() -> dict[str, str]:
    return HOOKS.sign(BODY, webhook_id="msg_1", at=AT)


def refused(body: bytes, headers: dict[str, str], *, at: datetime = AT, hooks: Webhooks = HOOKS) -> bool:
    try:
        hooks.verify(body, headers, at=at)
    except NotAuthenticated as error:
        return error.code == "webhook.invalid"
    return False


def test_signed_hop_is_accepted_and_tells_its_id() -> None:
    assert HOOKS.verify(BODY, signed(), at=AT) == "msg_1"
    assert HOOKS.verify(BODY, {name.title(): value for name, value in signed().items()}, at=AT) == "msg_1"


def test_published_example_of_the_specification_holds() -> None:
    hooks = Webhooks(("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",))
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = hooks.sign(b'{"test": 2432232314}', webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_receiver_with_the_public_library_verifies_our_hops() -> None:
    now = datetime.now(UTC)
    headers = HOOKS.sign(BODY, webhook_id="msg_1", at=now)
    assert Webhook(SECRET).verify(BODY, headers) == {"items": ["Nguyễn"]}


def test_changed_body_is_refused() -> None:
    assert refused(BODY + b" ", signed())


def test_body_that_is_no_text_is_refused() -> None:
    assert refused(b"\xff", signed())


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_header_is_refused(name: str) -> None:
    assert refused(BODY, {key: value for key, value in signed().items() if key != name})


def test_id_of_another_hop_is_refused() -> None:
    assert refused(BODY, signed() | {"webhook-id": "msg_2"})


@pytest.mark.parametrize("late", [timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)])
def test_replay_after_five_minutes_is_refused(late: timedelta) -> None:
    assert refused(BODY, signed(), at=AT + late)
    assert not refused(BODY, signed(), at=AT + late * 0.9)


def test_fresh_timestamp_on_an_old_signature_is_refused() -> None:
    later = AT + timedelta(hours=1)
    assert refused(BODY, signed() | {"webhook-timestamp": str(int(later.timestamp()))}, at=later)


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "٣", "9" * 400, "nan", " 1763712930"])
def test_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    assert refused(BODY, signed() | {"webhook-timestamp": timestamp})


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v1,AAAA", "v2,", "v1a,AAAA", "é", "\ud800", " " * 50])
def test_signature_of_another_form_is_refused(signature: str) -> None:
    assert refused(BODY, signed() | {"webhook-signature": signature})


def test_signature_with_another_secret_is_refused() -> None:
    assert refused(BODY, Webhooks((OTHER,)).sign(BODY, webhook_id="msg_1", at=AT))


def test_right_signature_beside_others_is_found_but_not_among_very_many() -> None:
    right = signed()["webhook-signature"]
    assert not refused(BODY, signed() | {"webhook-signature": f"v1a,xyz {right}"})
    assert refused(BODY, signed() | {"webhook-signature": "v1,x " * 50 + right})


def test_old_secret_still_verifies_during_a_rotation_and_the_new_one_signs() -> None:
    rotated = Webhooks((OTHER, SECRET))
    assert not refused(BODY, signed(), hooks=rotated)
    assert not refused(BODY, rotated.sign(BODY, webhook_id="msg_1", at=AT), hooks=Webhooks((OTHER,)))


@given(headers=st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()))
def test_any_headers_are_refused_with_one_error(headers: dict[str, str]) -> None:
    assert refused(BODY, headers)


def test_fresh_secrets_differ_and_have_the_form_of_the_specification() -> None:
    one, other = new_webhook_secret(), new_webhook_secret()
    assert one != other
    assert is_webhook_secret(one)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_é", SECRET.removeprefix("whsec_"), "whsec_" + "A" * 88]
)
def test_weak_or_malformed_secret_is_not_taken_into_use(secret: str) -> None:
    with pytest.raises(InternalFault, match=r"webhook\.secret"):
        Webhooks((secret,))
    with pytest.raises(InternalFault):
        Webhooks(())


def test_secret_does_not_show_in_text() -> None:
    assert SECRET not in repr(HOOKS)


async def test_delivery_arrives_with_the_signature_that_verifies_its_bytes() -> None:
    async def receive(request: Request) -> Response:
        return JSONResponse({"id": HOOKS.verify(await request.body(), dict(request.headers), at=AT)})

    app = Starlette(routes=[Route("/mesh/deliveries", receive, methods=["POST"])])
    peer = Peer("http://agency", client=httpx.AsyncClient(transport=httpx.ASGITransport(app=app)))
    reply = await deliver(peer, "/mesh/deliveries", BODY, webhooks=HOOKS, webhook_id="msg_9", at=AT)
    assert reply.document() == {"id": "msg_9"}
