"""Admission: once in effect, in answer the same; refused ids say nothing of whose they are; clocks that run."""

import asyncio
from datetime import timedelta

import httpx

from gateway.adapters.tables import LEDGER_ENTRIES, MESSAGES
from shared.kernel.clock import from_wire
from shared.web.protocol import KNOWN
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, SOCIAL, Mesh


async def referred(mesh: Mesh, **changes: object) -> tuple[Message, Sent]:
    consent = await mesh[HEALTH].record_consent(
        a_grant(SOCIAL, services=["SOC-01", "SOC-02"], compartments=["contact", "safety", "preferences", "dependants"])
    )
    given = {"plaintexts": {name: {} for name in ("contact", "safety", "preferences", "dependants")}, **changes}
    return consent, await mesh[HEALTH].refer(SOCIAL, consent, **given)


def said(refused: httpx.Response) -> dict[str, object]:
    """What a refusal says, less the trace of the call that was refused."""
    return {name: value for name, value in refused.json().items() if name not in {"instance", "trace_id"}}


async def test_repeated_message_gets_the_first_answer_again(mesh: Mesh) -> None:
    _, sent = await referred(mesh)
    mesh.advance(timedelta(days=8))
    again = await mesh[HEALTH].post("/v1/referrals", sent.message, hub_shares=sent.hub_shares)
    assert (again.status_code, again.text) == (202, sent.answer.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in sent.answer.headers
    assert len([row for row in mesh.rows(MESSAGES) if row["kind"] == "referral"]) == 1


async def test_repeated_message_gets_the_first_refusal_again_though_its_reason_has_passed(mesh: Mesh) -> None:
    """The sender was told no and gave up; a line that repeats the bytes late must not have them admitted."""
    _, sent = await referred(mesh)
    path, early = f"/v1/referrals/{sent.id}/events", mesh[SOCIAL].event_message(sent, "accepted")
    first = await mesh[SOCIAL].post(path, early)
    assert (first.status_code, first.json()["code"]) == (409, "referral.transition")
    await mesh[SOCIAL].reported(sent, "acknowledged")
    entries = len(mesh.rows(LEDGER_ENTRIES))
    again = await mesh[SOCIAL].post(path, early)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert said(again) == said(first)
    assert len(mesh.rows(LEDGER_ENTRIES)) == entries
    await mesh[SOCIAL].reported(sent, "accepted")


async def test_message_handed_in_without_its_halves_may_be_handed_in_again(mesh: Mesh) -> None:
    consent, _ = await referred(mesh)
    basis = {"kind": "consent", "consent_id": consent["id"]}
    plaintexts = {name: {} for name in ("contact", "safety", "preferences", "dependants")}
    message, shares = mesh[HEALTH].referral_message(SOCIAL, basis, subject=consent["subject"], plaintexts=plaintexts)
    assert (await mesh[HEALTH].post("/v1/referrals", message, hub_shares={})).status_code == 422
    assert (await mesh[HEALTH].post("/v1/referrals", message, hub_shares=shares)).status_code == 202


async def test_message_sent_twice_at_once_is_admitted_once(mesh: Mesh) -> None:
    consent, _ = await referred(mesh)
    basis = {"kind": "consent", "consent_id": consent["id"]}
    plaintexts = {name: {} for name in ("contact", "safety", "preferences", "dependants")}
    message, shares = mesh[HEALTH].referral_message(SOCIAL, basis, subject=consent["subject"], plaintexts=plaintexts)
    answers = await asyncio.gather(*[mesh[HEALTH].post("/v1/referrals", message, hub_shares=shares) for _ in range(8)])
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1


async def test_replay_by_another_agency_is_refused_and_shows_nothing(mesh: Mesh) -> None:
    _, sent = await referred(mesh)
    thief = mesh[LEGAL]
    answer = await thief.post("/v1/referrals", {**sent.message, "sender": LEGAL}, hub_shares=sent.hub_shares)
    assert (answer.status_code, answer.json()["code"]) == (409, "message.id-reused")
    assert sent.message["subject"] not in answer.text
    entries = (await thief.get("/v1/ledger/entries", referral_id=sent.id)).json()["items"]
    assert entries == [], "a reused id must not write into another's chain"


async def test_receipt_is_signed_and_names_the_ledger_entry(mesh: Mesh) -> None:
    import json

    from shared.seal.jws import verify_compact
    from tests.support.mesh import keys_of

    _, sent = await referred(mesh)
    receipt = json.loads(verify_compact(sent.answer.headers["Mesh-Receipt"], keys_of("gateway").ring()))
    assert receipt == sent.answer.json()["receipt"]
    proof = await mesh[HEALTH].get("/v1/ledger/proofs/inclusion", index=receipt["ledger_index"])
    assert proof.json()["leaf_hash"] == receipt["leaf_hash"]


async def test_head_of_an_admission_goes_the_short_way(mesh: Mesh) -> None:
    _, sent = await referred(mesh)
    names = {name.lower() for name in sent.answer.headers.keys() | {"Date"}}  # the date comes from the server
    assert {name.encode() for name in names} <= KNOWN


async def test_what_was_admitted_says_where_it_is_read(mesh: Mesh) -> None:
    """RFC 9110 section 15.3.3: an answer 202 points at what can be looked at while the work goes on."""
    consent, sent = await referred(mesh)
    event = mesh[SOCIAL].event_message(sent, "acknowledged")
    reported = await mesh[SOCIAL].post(f"/v1/referrals/{sent.id}/events", event)
    taken_back = await mesh[HEALTH].revoke(consent)
    recorded = await mesh[HEALTH].post("/v1/consents", mesh[HEALTH].consent_message(a_grant(SOCIAL)))
    places = [answer.headers["Location"] for answer in (sent.answer, reported, taken_back, recorded)]
    kept = recorded.json()["consent"]["id"]
    read, held = f"/v1/referrals/{sent.id}", f"/v1/consents/{consent['id']}/propagation"
    assert places == [read, read, held, f"/v1/consents/{kept}"]
    assert [(await mesh[HEALTH].get(place)).status_code for place in places] == [200, 200, 200, 200]
    again = await mesh[HEALTH].post("/v1/referrals", sent.message, hub_shares=sent.hub_shares)
    assert again.headers["Location"] == read


async def test_clock_that_starts_on_acceptance_starts_then(mesh: Mesh) -> None:
    _, sent = await referred(
        mesh,
        service_type="SOC-02",
        urgency="urgent",
        plaintexts={name: {} for name in ("contact", "preferences")},
    )
    assert sent.answer.status_code == 202, sent.answer.text
    before = sent.answer.json()["referral"]["due"]
    mesh.advance(timedelta(minutes=30))
    await mesh[SOCIAL].reported(sent, "acknowledged")
    accepted = await mesh[SOCIAL].report(sent, "accepted")
    after = accepted.json()["referral"]["due"]
    assert after["complete"] is not None
    assert from_wire(after["complete"]) <= mesh.clock.now() + timedelta(hours=72)
    for phase, due in before.items():
        assert due is None or after[phase] <= due, "no limit moves later"


async def test_next_due_time_makes_a_referral_overdue(mesh: Mesh) -> None:
    _, sent = await referred(mesh)
    assert (await mesh[SOCIAL].get("/v1/referrals", box="received", overdue="true")).json()["items"] == []
    mesh.advance(timedelta(minutes=16))
    overdue = (await mesh[SOCIAL].get("/v1/referrals", box="received", overdue="true")).json()["items"]
    assert [item["referral_id"] for item in overdue] == [sent.id]


async def test_lists_show_each_party_its_own_box(mesh: Mesh) -> None:
    _, sent = await referred(mesh)
    for reader, box, seen in [
        (HEALTH, "sent", 1),
        (HEALTH, "received", 0),
        (SOCIAL, "received", 1),
        (LEGAL, "sent", 0),
    ]:
        items = (await mesh[reader].get("/v1/referrals", box=box, state="sent")).json()["items"]
        assert len(items) == seen, (reader, box)
    assert (await mesh[LEGAL].get(f"/v1/referrals/{sent.id}")).status_code == 404


async def test_list_is_read_page_by_page(mesh: Mesh) -> None:
    ids = sorted([(await referred(mesh))[1].id for _ in range(5)])
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await mesh[HEALTH].get("/v1/referrals", limit=2, **after)).json()
        found += [item["referral_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == ids
