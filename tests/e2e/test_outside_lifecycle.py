"""Wire contract, section 5, with the transitions of the procedure: what may happen to a referral, and what not."""

import itertools
import json
from typing import Any

import pytest

from tests.e2e.conftest import World
from tests.e2e.outside import keys, messages
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import some
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TOMORROW = messages.in_(days=1)
DATA: dict[str, Json] = {
    "info_requested": {"question": "safe_contact"},
    "info_provided": {"answer": "provided_by_note"},
    "accepted": {"staff_gender": "female"},
    "declined": {"reason": "D11"},
    "scheduled": {"scheduled_from": TOMORROW, "scheduled_to": messages.in_(days=1, hours=1)},
    "contact_attempted": {"method": "phone"},
    "on_hold": {"reason": "survivor_asked", "review_on": messages.in_(days=7)[:10]},
    "completed": {"outcome": "admitted", "next_step_needed": False, "survivor_told": True},
    "failed": {"reason": "unable_to_contact"},
    "cancelled": {"reason": "need_gone"},
    "withdrawn": {"reason": "survivor_wish"},
    "closed": {"survivor_told": True},
    "entered_in_error": {"reason": "wrong_person"},
    "sealed": {"result": "sealed"},
    "recorded": {"record_kind": "custody_handover", "record_sha256": "ab" * 32},
}
BY_RECIPIENT = [
    "acknowledged",
    "info_requested",
    "accepted",
    "declined",
    "scheduled",
    "started",
    "contact_attempted",
    "on_hold",
    "resumed",
    "completed",
    "failed",
    "recorded",
]
BY_SENDER = ["info_provided", "cancelled", "closed"]
BY_EITHER = ["withdrawn", "entered_in_error"]
TO_ACCEPTED = ["acknowledged", "accepted"]
TO_PROGRESS = [*TO_ACCEPTED, "started"]
ROADS: dict[str, list[str]] = {
    "delivered": [],
    "acknowledged": ["acknowledged"],
    "info_requested": ["acknowledged", "info_requested"],
    "accepted": TO_ACCEPTED,
    "scheduled": [*TO_ACCEPTED, "scheduled"],
    "in_progress": TO_PROGRESS,
    "on_hold": [*TO_PROGRESS, "on_hold"],
    "unreached": [*TO_ACCEPTED, "scheduled", "contact_attempted"],
    "completed": [*TO_PROGRESS, "completed"],
    "failed": [*TO_PROGRESS, "failed"],
    "declined": ["acknowledged", "declined"],
    "cancelled": ["cancelled"],
    "withdrawn": ["withdrawn"],
    "closed": [*TO_PROGRESS, "completed", "closed"],
    "entered_in_error": ["entered_in_error"],
}
LIVE = ["delivered", "acknowledged", "info_requested", "accepted", "scheduled", "in_progress", "on_hold", "unreached"]
LEGAL: dict[str, dict[str, str]] = {
    "acknowledged": {"delivered": "acknowledged"},
    "info_requested": {"acknowledged": "info_requested"},
    "info_provided": {"info_requested": "acknowledged"},
    "accepted": {"acknowledged": "accepted"},
    "declined": dict.fromkeys(["delivered", "acknowledged", "info_requested", "accepted", "scheduled"], "declined"),
    "scheduled": dict.fromkeys(["accepted", "scheduled", "unreached"], "scheduled"),
    "started": dict.fromkeys(["accepted", "scheduled", "unreached"], "in_progress"),
    "contact_attempted": dict.fromkeys(["accepted", "scheduled", "in_progress", "unreached"], "unreached"),
    "on_hold": {"in_progress": "on_hold"},
    "resumed": {"on_hold": "in_progress"},
    "completed": {"in_progress": "completed"},
    "failed": {"in_progress": "failed", "unreached": "failed"},
    "cancelled": dict.fromkeys(LIVE, "cancelled"),
    "withdrawn": dict.fromkeys(LIVE, "withdrawn"),
    "closed": dict.fromkeys(["completed", "declined", "failed"], "closed"),
    "recorded": {
        state: state
        for state in ("accepted", "scheduled", "in_progress", "on_hold", "unreached", "completed", "closed")
    },
}
ILLEGAL = [
    (state, type_)
    for state, type_ in itertools.product(ROADS, LEGAL)
    if state not in LEGAL[type_] and not (type_ == "closed" and state == "expired")
]


def teller(world: World, type_: str) -> Any:
    return world.health if type_ in BY_SENDER else world.social


def told(world: World, referral: Json, type_: str, **over: Any) -> Any:
    return teller(world, type_).tell(referral, type_, **{**DATA.get(type_, {}), **over})


def brought_to(world: World, state: str, **over: Any) -> Json:
    """A SOC-01 referral in a state."""
    referral, _ = world.sheltered(**{"urgency": "prompt", **over})
    world.social.collect(referral["referral_id"])
    for type_ in ROADS[state]:
        answer = told(world, referral, type_)
        assert answer.status_code == 202, (type_, answer.text)
    return referral


def state_of(world: World, referral: Json) -> str:
    return str(world.health.get(f"/v1/referrals/{referral['referral_id']}").json()["state"])


@pytest.mark.parametrize("state", ROADS)
def test_every_state_is_reached_and_seen_by_both(world: World, state: str) -> None:
    referral = brought_to(world, state)
    for party in (world.health, world.social):
        found = party.get(f"/v1/referrals/{referral['referral_id']}").json()
        assert found["state"] == state
        types = [each["type"] for each in found["history"]]
        assert [each for each in types if each in ROADS[state]] == ROADS[state]
        for each in found["history"]:
            assert each.keys() >= {"type", "at", "by", "ledger_index"}


@pytest.mark.parametrize(
    ("type_", "state", "then"),
    [(type_, state, then) for type_, roads in LEGAL.items() for state, then in roads.items()],
)
def test_legal_transition(world: World, type_: str, state: str, then: str) -> None:
    referral = brought_to(world, state)
    answer = told(world, referral, type_)
    assert answer.status_code == 202, answer.text
    assert answer.json()["referral"]["state"] == then
    assert answer.json()["receipt"]["ledger_index"] > 0
    assert state_of(world, referral) == then


@pytest.mark.parametrize("state", ROADS)
def test_illegal_transitions_are_refused_and_recorded(world: World, state: str) -> None:
    referral = brought_to(world, state)
    for type_ in [illegal for found, illegal in ILLEGAL if found == state]:
        document = problem(told(world, referral, type_), 409, "referral.transition")
        assert isinstance(document["ledger_index"], int), document
    assert state_of(world, referral) == state


@pytest.mark.parametrize("type_", [*BY_RECIPIENT, "sealed"])
def test_sender_cannot_say_what_the_recipient_says(world: World, type_: str) -> None:
    referral = brought_to(world, "acknowledged")
    answer = world.health.tell(referral, type_, **DATA.get(type_, {}))
    assert answer.status_code in {403, 409}, answer.text
    problem(answer, answer.status_code)


@pytest.mark.parametrize("type_", BY_SENDER)
def test_recipient_cannot_say_what_the_sender_says(world: World, type_: str) -> None:
    referral = brought_to(world, "info_requested")
    answer = world.social.tell(referral, type_, **DATA.get(type_, {}))
    assert answer.status_code in {403, 409}, answer.text


@pytest.mark.parametrize("type_", ["delivered", "expired", "revoked"])
def test_only_the_gateway_says_what_the_gateway_says(world: World, type_: str) -> None:
    referral = brought_to(world, "acknowledged")
    for party in (world.health, world.social):
        answer = party.tell(referral, type_)
        assert answer.status_code in {403, 409, 422}, answer.text


@pytest.mark.parametrize("type_", BY_EITHER)
def test_either_may_say_it(world: World, type_: str) -> None:
    for party in (world.health, world.social):
        referral = brought_to(world, "acknowledged")
        answer = party.tell(referral, type_, **DATA[type_])
        assert answer.status_code == 202, answer.text
        assert answer.json()["referral"]["state"] == type_


def test_stranger_is_told_that_there_is_no_such_referral(world: World) -> None:
    referral = brought_to(world, "delivered")
    answer = world.police.send(
        f"/v1/referrals/{referral['referral_id']}/events", messages.event("out-police", "out-health", "acknowledged")
    )
    problem(answer, 404)


def test_event_is_delivered_to_the_other_party_as_it_was_signed(world: World) -> None:
    referral = brought_to(world, "delivered")
    message = messages.event("out-social", "out-health", "acknowledged")
    body = json.dumps(message, indent=1).encode()
    answer = world.social.send(f"/v1/referrals/{referral['referral_id']}/events", body)
    assert answer.status_code == 202, answer.text
    item = world.health.collect(message["id"])
    assert item["kind"] == "event"
    assert item["body"].encode() == body
    keys.verify_jws(item["signature"], world.social.jwks, payload=body)


@pytest.mark.parametrize(
    "reason", ["no_police_report", "reconciled", "private_family_matter", "no_identity_papers", "made_up", ""]
)
def test_forbidden_reasons_to_decline_are_refused(world: World, reason: str) -> None:
    referral = brought_to(world, "acknowledged")
    answer = told(world, referral, "declined", reason=reason)
    assert answer.status_code in {403, 422}, answer.text
    problem(answer, answer.status_code)
    assert state_of(world, referral) == "acknowledged"


def test_decline_for_lack_of_room_in_urgent_need_names_an_alternative(world: World) -> None:
    referral = brought_to(world, "acknowledged", urgency="urgent")
    answer = told(world, referral, "declined", reason="D01")
    assert answer.status_code in {202, 403, 422}, answer.text
    if answer.status_code != 202:
        answer = told(world, referral, "declined", reason="D01", alternative="out-shelter")
    assert answer.status_code == 202, answer.text


def test_barred_reason_to_decline_is_refused(world: World) -> None:
    consent = world.wide_consent()
    answer = world.health.refer(
        "out-police",
        some("contact", "safety", "preferences"),
        basis={"kind": "consent", "consent_id": consent["id"]},
        subject=consent["subject"],
        service_type="POL-01",
        urgency="immediate",
        phoned_first=True,
    )
    referral = answer.json()["referral"]
    world.police.collect(referral["referral_id"])
    assert world.police.tell(referral, "acknowledged").status_code == 202
    for reason in ("D01", "D03"):
        answer = world.police.tell(referral, "declined", reason=reason, alternative="out-social")
        assert answer.status_code in {403, 422}, answer.text


@pytest.mark.parametrize(
    ("state", "type_", "data"),
    [
        ("acknowledged", "declined", {}),
        ("in_progress", "completed", {}),
        ("in_progress", "completed", {"outcome": "mediated"}),
        ("in_progress", "on_hold", {}),
        ("accepted", "scheduled", {}),
        ("acknowledged", "info_requested", {}),
        ("acknowledged", "accepted", {"surprise": "x"}),
        ("acknowledged", "accepted", {"reason": "free text about her"}),
        ("acknowledged", "accepted", {"staff_gender": {"nested": True}}),
    ],
)
def test_event_without_what_it_needs_is_refused(world: World, state: str, type_: str, data: Json) -> None:
    referral = brought_to(world, state)
    answer = teller(world, type_).tell(referral, type_, **data)
    assert answer.status_code in {403, 422}, answer.text
    document = problem(answer, answer.status_code, secrets=["free text about her", "mediated"])
    if answer.status_code == 422:
        assert document["errors"][0]["pointer"].startswith("/data"), document
    else:
        assert document["reasons"], document
    assert state_of(world, referral) == state


def test_wish_for_staff_is_met_or_answered(world: World) -> None:
    wishes = {"staff_gender": "female", "language": "vi", "interpreter": False, "accompanied": False}
    referral = brought_to(world, "acknowledged", preferences=wishes)
    for data in ({}, {"staff_gender": "male"}):
        answer = world.social.tell(referral, "accepted", **data)
        assert answer.status_code in {403, 409, 422}, answer.text
        problem(answer, answer.status_code)
    answer = world.social.tell(referral, "accepted", staff_gender="male", staff_gender_answer="waived")
    assert answer.status_code == 202, answer.text


def test_event_counts_once(world: World) -> None:
    referral = brought_to(world, "delivered")
    path = f"/v1/referrals/{referral['referral_id']}/events"
    message = messages.event("out-social", "out-health", "acknowledged")
    body = json.dumps(message).encode()
    first, again = world.social.send(path, body), world.social.send(path, body)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    problem(world.social.send(path, {**message, "actor": "staff-8"}), 409, "message.id-reused")
    history = world.health.get(f"/v1/referrals/{referral['referral_id']}").json()["history"]
    assert [each["type"] for each in history].count("acknowledged") == 1


def test_notes_go_both_ways(world: World) -> None:
    referral, item = world.accepted()
    basis = json.loads(item["body"])["basis"]
    for writer, reader in ((world.social, world.health), (world.health, world.social)):
        message, answer = writer.note(referral, "Gặp lúc chín giờ.", basis=basis)
        assert answer.status_code == 202, answer.text
        assert answer.json()["referral"]["referral_id"] == referral["referral_id"]
        delivered = reader.collect(message["id"])
        assert delivered["kind"] == "note"
        _, opened, _ = reader.read(delivered, basis=basis)
        assert opened == {"note": {"text": "Gặp lúc chín giờ."}}


def test_note_of_a_stranger_is_not_taken(world: World) -> None:
    referral, item = world.accepted()
    _, answer = world.police.note(referral, "hello", basis=json.loads(item["body"])["basis"])
    problem(answer, 404)


def test_note_after_the_end_of_consent_is_refused(world: World) -> None:
    consent = world.wide_consent()
    referral, item = world.accepted(consent)
    revocation = messages.revocation("out-health", consent["id"])
    assert world.health.send(f"/v1/consents/{consent['id']}/revocations", revocation).status_code == 202
    _, answer = world.social.note(referral, "too late", basis=json.loads(item["body"])["basis"])
    assert answer.status_code in {403, 409}, answer.text


def test_who_declines_never_learns_who_she_is(world: World) -> None:
    referral, _ = world.sheltered(names=("identity",), urgency="prompt")
    world.social.collect(referral["referral_id"])
    assert told(world, referral, "acknowledged").status_code == 202
    assert told(world, referral, "declined").status_code == 202
    answer = world.social.open(referral["referral_id"], ["identity", "contact"])
    assert answer.status_code in {200, 403, 409}, answer.text
    assert answer.json().get("shares", {}) == {}
    seen = world.health.get(f"/v1/referrals/{referral['referral_id']}").json()["compartments"]
    assert {each["name"]: each["state"] for each in seen}["identity"] == "destroyed"
