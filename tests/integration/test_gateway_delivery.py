"""Delivery by pull: order, receipts, long poll, rejection, notes, batches, and what is forgotten afterwards."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from gateway.adapters.deliveries import TRIED_OFTEN
from gateway.adapters.outbox import claim
from gateway.adapters.tables import MESSAGES, REFERRALS
from shared.kernel.errors import Conflict
from shared.seal.jws import sign_detached, verify_detached
from shared.storage.engine import open_engine
from shared.web.listing import write_cursor
from shared.wire.delivery import DeliveryItemV1
from shared.wire.messages import MESSAGE_MOST, parse_notice
from tests.support.agency import SHELTER, Message, Sent, a_grant, to_body
from tests.support.mesh import HEALTH, LEGAL, SHELTER_HOUSE, SOCIAL, Mesh, keys_of
from tests.support.ticking import beside, notices


async def referred(mesh: Mesh, times: int = 1) -> list[Sent]:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    return [await mesh[HEALTH].refer(SOCIAL, consent) for _ in range(times)]


async def test_items_come_in_order_with_the_exact_signed_bytes(mesh: Mesh) -> None:
    sent = await referred(mesh, 3)
    items = await mesh[SOCIAL].inbox()
    assert [item["message_id"] for item in items] == [one.id for one in sent]
    assert sorted(item["seq"] for item in items) == [item["seq"] for item in items]
    for item in items:
        DeliveryItemV1.model_validate(item)
        verify_detached(item["body"].encode(), item["signature"], keys_of(HEALTH).ring())


async def test_trace_of_the_sender_travels_with_the_item(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    message, shares = mesh[HEALTH].referral_message(
        SOCIAL, {"kind": "consent", "consent_id": consent["id"]}, subject=consent["subject"]
    )
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    await mesh[HEALTH].post(
        "/v1/referrals", message, hub_shares=shares, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    )
    (item,) = await mesh[SOCIAL].inbox()
    assert item["traceparent"].split("-")[1] == trace
    entries = (await mesh.oversight.get("/v1/ledger/entries", referral_id=message["id"])).json()["items"]
    assert json.loads(entries[0]["leaf"])["trace_id"] == trace


async def test_item_without_receipt_comes_again_and_is_counted(mesh: Mesh) -> None:
    await referred(mesh)
    attempts = [(await mesh[SOCIAL].inbox())[0]["attempt"] for _ in range(3)]
    assert attempts == [1, 2, 3]


async def test_inbox_is_read_on_from_where_it_was(mesh: Mesh) -> None:
    sent = await referred(mesh, 3)
    first = (await mesh[SOCIAL].get("/v1/inbox", limit=2)).json()
    second = (await mesh[SOCIAL].get("/v1/inbox", limit=2, after=first["next"])).json()
    assert [item["message_id"] for item in first["items"] + second["items"]] == [one.id for one in sent]
    third = (await mesh[SOCIAL].get("/v1/inbox", after=second["next"])).json()
    assert (third["items"], third["next"]) == ([], second["next"])


async def test_inbox_that_is_read_on_holds_back_what_follows_an_unsettled_message_of_its_referral(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    note, shares = mesh[HEALTH].note_message(sent, "One word more.")
    await mesh[HEALTH].post(f"/v1/referrals/{sent.id}/notes", note, hub_shares=shares)
    (other,) = await referred(mesh)
    first = (await mesh[SOCIAL].get("/v1/inbox", limit=1)).json()
    rest = (await mesh[SOCIAL].get("/v1/inbox", after=first["next"])).json()
    assert [item["message_id"] for item in rest["items"]] == [other.id]
    await mesh[SOCIAL].settle(*first["items"], *rest["items"])
    assert [item["message_id"] for item in await mesh[SOCIAL].inbox()] == [note["id"]]


async def test_however_many_wait_for_their_next_attempt_what_is_new_leaves(own_mesh: Mesh) -> None:
    """A recipient that takes what it is sent and gives no receipts for it does not miss what comes after."""
    consent = await own_mesh[HEALTH].record_consent(a_grant(SOCIAL))
    await own_mesh[HEALTH].refer(SOCIAL, consent)
    (row,) = [row for row in own_mesh.rows(MESSAGES) if row["recipient"] == SOCIAL]
    unheard = [
        {**row, "message_id": f"unheard-{number}", "referral_id": f"unheard-{number}", "seq": -number}
        for number in range(1, 1001)
    ]
    engine = open_engine(own_mesh.settings.database_url)
    with engine.begin() as connection:
        connection.execute(update(MESSAGES).values(due_at="2999-01-01T00:00:00.000Z"))
        connection.execute(insert(MESSAGES), [{**one, "due_at": "2999-01-01T00:00:00.000Z"} for one in unheard])
    engine.dispose()
    new = await own_mesh[HEALTH].refer(SOCIAL, consent)
    with closing(beside(own_mesh)) as core:
        claimed = await core.claims.submit(partial(claim, agency_id=SOCIAL))
    assert [item["message_id"] for item in claimed.items] == [new.id]


async def test_part_of_the_receipts_settles_part_of_the_items(mesh: Mesh) -> None:
    await referred(mesh, 3)
    items = await mesh[SOCIAL].inbox()
    assert await mesh[SOCIAL].settle(items[1]) == [items[1]["message_id"]]
    left = await mesh[SOCIAL].inbox()
    assert [item["message_id"] for item in left] == [items[0]["message_id"], items[2]["message_id"]]


async def test_receipt_twice_is_one_delivery(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    (item,) = await mesh[SOCIAL].inbox()
    assert await mesh[SOCIAL].settle(item) == await mesh[SOCIAL].settle(item) == [sent.id]
    history = (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["history"]
    assert [entry["type"] for entry in history] == ["sent", "delivered"]


async def test_receipt_of_another_agency_or_for_other_bytes_settles_nothing(mesh: Mesh) -> None:
    await referred(mesh)
    (item,) = await mesh[SOCIAL].inbox()
    assert await mesh[LEGAL].settle(item) == []
    assert await mesh[SOCIAL].settle({**item, "body": item["body"] + " "}) == []
    forged = mesh[LEGAL].receipt(item, sender=SOCIAL)
    answer = await mesh[SOCIAL].call("POST", "/v1/inbox/receipts", json={"receipts": [forged]})
    assert (answer.status_code, answer.json()["code"]) == (422, "receipt.invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/receipts/0"]
    assert len(await mesh[SOCIAL].inbox()) == 1


async def test_rejected_item_is_not_sent_again_and_its_sender_is_told(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    (item,) = await mesh[SOCIAL].inbox()
    await mesh[SOCIAL].settle(item, result="rejected", code="seal.broken")
    assert await mesh[SOCIAL].inbox() == []
    (notice,) = await mesh[HEALTH].take_in()
    parsed = parse_notice(notice["body"].encode())
    assert (parsed.type, parsed.referral_id, parsed.data["code"]) == ("undeliverable", sent.id, "seal.broken")
    verify_detached(notice["body"].encode(), notice["signature"], keys_of("gateway").ring())
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "expired"


@pytest.mark.parametrize("rejected", [True, False], ids=["rejected", "never fetched"])
@pytest.mark.parametrize("wanted", [True, False])
async def test_of_a_referral_that_did_not_arrive_the_next_agreed_agency_is_offered(
    mesh: Mesh, rejected: bool, wanted: bool
) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent, facts={"reroute_if_expired": True} if wanted else {})
    if rejected:
        await mesh[SOCIAL].settle(*await mesh[SOCIAL].inbox(), result="rejected", code="seal.broken")
    else:
        mesh.advance(timedelta(days=7, seconds=1))
        assert await mesh[SOCIAL].inbox() == []
    (told,) = await notices(mesh[HEALTH], "undeliverable")
    assert (told["data"]["state"], told["data"]["next_agency"]) == ("expired", SHELTER_HOUSE)
    assert told["data"]["reroute"] is wanted
    again = {"chain_id": sent.id, "replaces": sent.id}
    assert (await mesh[HEALTH].refer(SHELTER_HOUSE, consent, **again)).answer.status_code == 202


async def test_of_a_note_that_did_not_arrive_nobody_else_is_offered(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    await mesh[SOCIAL].take_in()
    message, shares = mesh[HEALTH].note_message(sent, "An invented note.")
    await mesh[HEALTH].post(f"/v1/referrals/{sent.id}/notes", message, hub_shares=shares)
    await mesh[SOCIAL].settle(*await mesh[SOCIAL].inbox(), result="rejected", code="seal.broken")
    (told,) = await notices(mesh[HEALTH], "undeliverable")
    assert (told["data"]["kind"], "next_agency" in told["data"]) == ("note", False)
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "delivered"


async def test_long_poll_is_answered_when_something_comes(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    await mesh[SOCIAL].token()
    waiting = asyncio.create_task(mesh[SOCIAL].inbox(wait=30))
    assert await mesh[HEALTH].inbox() == []
    assert not waiting.done()
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    (item,) = await asyncio.wait_for(waiting, 10)
    assert item["message_id"] == sent.id


async def test_long_poll_ends_empty_when_nothing_comes(mesh: Mesh) -> None:
    assert await mesh[SOCIAL].inbox(wait=1) == []


async def test_message_nobody_takes_for_a_week_is_given_up(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    await mesh[SOCIAL].inbox()
    mesh.advance(timedelta(days=7, seconds=1))
    assert await mesh[SOCIAL].inbox() == []
    (notice,) = await mesh[HEALTH].take_in()
    assert parse_notice(notice["body"].encode()).type == "undeliverable"
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "expired"


async def test_message_that_does_not_arrive_is_listed_and_tried_at_once_while_it_waits(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    for _ in range(TRIED_OFTEN):
        await mesh[SOCIAL].inbox()
    (dead,) = mesh.provision(lambda desk: desk.dead_deliveries())
    assert (dead.message_id, dead.recipient, dead.attempts) == (sent.id, SOCIAL, TRIED_OFTEN)
    mesh.provision(lambda desk: desk.replay_delivery(sent.id))
    mesh.advance(timedelta(days=7, seconds=1))
    await mesh[SOCIAL].inbox()
    (dead,) = mesh.provision(lambda desk: desk.dead_deliveries())
    assert dead.given_up_at is not None
    with pytest.raises(Conflict):
        mesh.provision(lambda desk: desk.replay_delivery(sent.id))


async def test_disabled_agency_gets_nothing_until_it_is_enrolled_again(mesh: Mesh) -> None:
    from tests.support.mesh import enrolment

    (sent,) = await referred(mesh)
    await mesh[SOCIAL].token()
    mesh.provision(lambda desk: desk.disable(SOCIAL))
    assert await mesh[SOCIAL].inbox() == []
    assert (await mesh[SOCIAL].open(sent, "identity")).status_code == 403
    mesh.provision(lambda desk: desk.enroll(enrolment(SOCIAL, "social", "SOC-")))
    assert [item["message_id"] for item in await mesh[SOCIAL].inbox()] == [sent.id]


@pytest.mark.parametrize("position", [("x",), (1, 2), (), ("1",)])
async def test_place_of_another_list_is_refused_at_the_inbox(
    shared_mesh: Mesh, position: tuple[str | int, ...]
) -> None:
    answer = await shared_mesh[SOCIAL].get("/v1/inbox", after=write_cursor(*position))
    assert (answer.status_code, answer.json()["code"]) == (422, "message.invalid")


async def test_note_goes_both_ways_and_opens(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    await mesh[HEALTH].take_in()
    for writer, reader in ((HEALTH, SOCIAL), (SOCIAL, HEALTH)):
        message, shares = mesh[writer].note_message(sent, "an invented sentence")
        answer = await mesh[writer].post(f"/v1/referrals/{sent.id}/notes", message, hub_shares=shares)
        assert answer.status_code == 202, answer.text
        (item,) = await mesh[reader].take_in()
        assert mesh[reader].unseal(item, "note", item["hub_shares"]["note"]) == {"text": "an invented sentence"}
    kept = [row for row in mesh.rows(MESSAGES) if row["kind"] == "note"]
    assert [(row["body"], row["hub_shares"]) for row in kept] == [(None, None)] * 2


async def test_note_that_still_waits_when_the_service_is_completed_arrives_all_the_same(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted", "started")
    note, shares = mesh[SOCIAL].note_message(sent, "an invented last word")
    await mesh[SOCIAL].post(f"/v1/referrals/{sent.id}/notes", note, hub_shares=shares)
    await mesh[SOCIAL].reported(sent, "completed", outcome="admitted")
    (item,) = [item for item in await mesh[HEALTH].take_in() if item["kind"] == "note"]
    assert mesh[HEALTH].unseal(item, "note", item["hub_shares"]["note"]) == {"text": "an invented last word"}


async def test_note_after_the_end_or_without_consent_is_refused(shared_mesh: Mesh) -> None:
    (sent,) = await referred(shared_mesh)
    await shared_mesh[SOCIAL].take_in()
    message, shares = shared_mesh[HEALTH].note_message(sent, "x")
    await shared_mesh[HEALTH].reported(sent, "cancelled")
    answer = await shared_mesh[HEALTH].post(f"/v1/referrals/{sent.id}/notes", message, hub_shares=shares)
    assert (answer.status_code, answer.json()["code"]) == (409, "referral.ended")


def in_batch(agency: str, kind: str, message: Message, shares: object = None) -> Message:
    body = to_body(message)
    signature = sign_detached(body, keys_of(agency).signing)
    return {"kind": kind, "body": body.decode(), "signature": signature, "hub_shares": shares or {}}


async def test_batch_is_answered_item_by_item_in_order(shared_mesh: Mesh) -> None:
    health = shared_mesh[HEALTH]
    consent = health.consent_message(a_grant(SOCIAL))
    basis = {"kind": "consent", "consent_id": consent["id"]}
    good, good_shares = health.referral_message(SOCIAL, basis, subject=consent["subject"])
    bad, bad_shares = health.referral_message(SOCIAL, basis, subject=health.ids.new())
    cancelled = health.event_message(Sent(good, good_shares, None, SHELTER), "cancelled")  # type: ignore[arg-type]
    items = [
        in_batch(HEALTH, "consent", consent),
        in_batch(HEALTH, "referral", good, good_shares),
        in_batch(HEALTH, "referral", bad, bad_shares),
        in_batch(HEALTH, "receipt", good),
        {**in_batch(HEALTH, "referral", good, good_shares), "signature": "a..b"},
        in_batch(HEALTH, "event", cancelled),
    ]
    answer = await health.call("POST", "/v1/batches", json={"items": items})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201, 202, 403, 422, 422, 202]
    codes = [result["body"].get("code") for result in results]
    assert codes == [None, None, "consent.subject", "message.kind", "signature.invalid", None]
    assert all("ledger_index" in result["body"] for result in results if result["status"] > 299)
    assert [result["receipt"] is not None for result in results] == [True, True, False, False, False, True]


@pytest.mark.parametrize(
    ("member", "value"),
    [("signature", "not a signature"), ("body", ""), ("kind", "?"), ("hub_shares", {"safety": "!"}), ("more", 1)],
)
async def test_item_of_a_batch_that_cannot_be_read_is_refused_alone(
    shared_mesh: Mesh, member: str, value: object
) -> None:
    good, other = (in_batch(HEALTH, "consent", shared_mesh[HEALTH].consent_message(a_grant(SOCIAL))) for _ in range(2))
    answer = await shared_mesh[HEALTH].call("POST", "/v1/batches", json={"items": [{**other, member: value}, good]})
    refused, admitted = answer.json()["results"]
    assert (refused["status"], admitted["status"]) == (422, 201)
    assert refused["body"]["errors"][0]["pointer"].startswith(f"/{member}")
    assert isinstance(refused["body"]["ledger_index"], int)
    assert refused["body"]["instance"] == f"urn:mesh:trace:{refused['body']['trace_id']}"


@pytest.mark.parametrize("padding", [" " * MESSAGE_MOST, "ạ" * (MESSAGE_MOST // 3)])
async def test_message_of_a_batch_that_is_too_large_is_answered_as_it_would_be_alone(
    shared_mesh: Mesh, padding: str
) -> None:
    good, other = (in_batch(HEALTH, "consent", shared_mesh[HEALTH].consent_message(a_grant(SOCIAL))) for _ in range(2))
    body = (other["body"] + padding).encode()
    signed = {**other, "body": body.decode(), "signature": sign_detached(body, keys_of(HEALTH).signing)}
    answer = await shared_mesh[HEALTH].call("POST", "/v1/batches", json={"items": [signed, good]})
    refused, admitted = answer.json()["results"]
    assert (refused["status"], refused["body"]["code"], admitted["status"]) == (413, "message.too-large", 201)
    assert isinstance(refused["body"]["ledger_index"], int)


async def test_batch_of_more_values_than_a_hundred_messages_have_is_refused_as_a_whole(shared_mesh: Mesh) -> None:
    item = {"kind": "referral", "body": "[" + "1," * 8_000 + "1]", "signature": "a..b", "hub_shares": {}}
    answer = await shared_mesh[HEALTH].call("POST", "/v1/batches", json={"items": [item] * 6})
    assert (answer.status_code, answer.json()["code"]) == (422, "message.invalid")
    assert (await shared_mesh[HEALTH].call("POST", "/v1/batches", json={"items": [item] * 2})).status_code == 200


async def test_batch_item_needs_the_scope_of_its_kind(shared_mesh: Mesh) -> None:
    health = shared_mesh[HEALTH]
    token = await health.token("referrals.send")
    item = in_batch(HEALTH, "consent", health.consent_message(a_grant(SOCIAL)))
    answer = await health.http.post("/v1/batches", json={"items": [item]}, headers={"Authorization": f"Bearer {token}"})
    (result,) = answer.json()["results"]
    assert (result["status"], result["body"]["code"]) == (403, "token.scope")


async def test_nothing_of_a_settled_referral_is_left_but_its_digest(mesh: Mesh) -> None:
    (sent,) = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    await mesh[SOCIAL].open(sent, "identity")
    await mesh[SOCIAL].reported(sent, "started")
    await mesh[SOCIAL].reported(sent, "completed", outcome="admitted")
    await mesh[HEALTH].take_in()
    rows = json.dumps([mesh.rows(MESSAGES), mesh.rows(REFERRALS)])
    for secret in secrets_of(sent):
        assert secret not in rows
    assert {(row["body"], row["signature"]) for row in mesh.rows(MESSAGES)} == {(None, None)}


async def test_file_holds_no_ciphertext_after_settlement(sqlite_url: str, tmp_path: Path) -> None:
    from tests.support.mesh import running_mesh

    async with running_mesh(sqlite_url, tmp_path) as mesh:
        (sent,) = await referred(mesh)
        await mesh[SOCIAL].take_in()
        await mesh[HEALTH].reported(sent, "cancelled")
        await mesh[SOCIAL].take_in()
    path = sqlite_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    connection.execute("VACUUM")
    connection.close()
    data = b"".join(file.read_bytes() for file in Path(path).parent.glob("test.db*"))
    assert sent.id.encode() in data
    for secret in secrets_of(sent):
        assert secret.encode() not in data


def secrets_of(sent: Sent) -> list[str]:
    """What must not outlive its purpose: ciphertext, the recipient's wrapped halves, the gateway's halves."""
    sealed = [part["ciphertext"] for part in sent.message["compartments"]]
    return [*sealed, sent.message["sealed"]["enc_ct"], *sent.hub_shares.values()]


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/receipts", "/v1/batches"])
async def test_delivery_needs_a_token(shared_mesh: Mesh, path: str) -> None:
    method = "GET" if path == "/v1/inbox" else "POST"
    assert (await shared_mesh[SOCIAL].http.request(method, path)).status_code == 401
