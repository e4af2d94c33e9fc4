"""Envelopes and answers: closed where we are sent them, open where we send them."""

import json

import pytest

from shared.kernel.errors import InputRejected, PeerUnavailable
from shared.wire.answers import ConsistencyV1, GatewayReceiptV1, ReferralAnswerV1, read_answer
from shared.wire.delivery import ENVELOPE_MOST, BatchItemV1, BatchV1, DeliveryV1, ReceiptsV1
from shared.wire.directory import AvailabilityV1, MatchRequestV1
from shared.wire.messages import MESSAGE_MOST, read, to_body
from tests.support.messages import golden, golden_bytes

ITEM = {
    "seq": 7,
    "kind": "referral",
    "message_id": golden("referral-first")["id"],
    "body": golden_bytes("referral-first").decode(),
    "signature": "eyJh..c2ln",
    "hub_shares": {"identity": "A" * 43},
    "attempt": 1,
    "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01",
}
RECEIPT = {
    "message_id": "m",
    "sha256": "h",
    "received_at": "2026-11-21T08:15:30.123Z",
    "ledger_index": 0,
    "leaf_hash": "l",
}


def test_delivery_keeps_the_signed_text_byte_for_byte() -> None:
    (item,) = read(DeliveryV1, json.dumps({"items": [ITEM]}).encode(), most=ENVELOPE_MOST).items
    assert item.body.encode() == golden_bytes("referral-first")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hub_shares", {"identity": "short"}),
        ("hub_shares", {"../etc": "A" * 43}),
        ("signature", "no signature"),
        ("traceparent", "00-x"),
        ("seq", -1),
        ("attempt", 0),
        ("body", "x" * (MESSAGE_MOST + 1)),
        ("more", 1),
    ],
)
def test_item_with_a_wrong_member_is_refused(field: str, value: object) -> None:
    with pytest.raises(InputRejected) as caught:
        read(DeliveryV1, json.dumps({"items": [{**ITEM, field: value}]}).encode(), most=ENVELOPE_MOST)
    assert caught.value.faults[0].pointer.startswith("/items/0")


def test_batch_holds_between_one_and_a_hundred_messages() -> None:
    item = {"kind": "referral", "body": "{}", "signature": "a..b"}
    for items in ([], [item] * 101):
        with pytest.raises(InputRejected):
            read(BatchV1, json.dumps({"items": items}).encode(), most=ENVELOPE_MOST)
    batch = BatchV1(items=(BatchItemV1(kind="event", body="{}", signature="a..b"),))
    assert read(BatchV1, to_body(batch)) == batch


def test_receipts_are_compact_signatures() -> None:
    with pytest.raises(InputRejected):
        read(ReceiptsV1, b'{"receipts": ["not a jws"]}')


def test_match_and_availability_have_lawful_defaults() -> None:
    wanted = read(MatchRequestV1, b'{"service_type": "SOC-01", "area": "38"}')
    assert (wanted.exclude, wanted.at, wanted.preferences.staff_gender) == ((), None, "any")
    with pytest.raises(InputRejected):
        read(AvailabilityV1, b'{"service_type": "SOC-01", "accepting": "yes"}')


def test_answer_of_a_newer_gateway_is_read_with_what_it_adds() -> None:
    assert read_answer(GatewayReceiptV1, {**RECEIPT, "cosignatures": 3}).ledger_index == 0


def test_answer_that_is_none_means_the_peer_is_not_available() -> None:
    for answer in (None, [], {}, {"referral": 1}):
        with pytest.raises(PeerUnavailable, match=r"peer\.answer"):
            read_answer(ReferralAnswerV1, answer)


def test_consistency_is_written_with_the_names_of_the_contract() -> None:
    assert json.loads(ConsistencyV1(first=1, second=2, proof=("aa",)).model_dump_json()) == {
        "from": 1,
        "to": 2,
        "proof": ["aa"],
    }
