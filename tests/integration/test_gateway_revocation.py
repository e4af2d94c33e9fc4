"""Consent is taken back: halves destroyed, what waits stopped, every holder told, and who confirmed is shown."""

import json
from datetime import timedelta

import pytest

from gateway.adapters.tables import MESSAGES, REFERRALS
from shared.kernel.clock import to_wire
from shared.seal.certificates import verify_certificate
from shared.wire.messages import parse_notice
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, SHELTER_HOUSE, SOCIAL, Mesh

LEGAL_PARTS = {"contact": {}, "preferences": {}, "legal": {}}


async def accepted(mesh: Mesh, *, onward: bool = False) -> tuple[Message, Sent, Message]:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE, onward=onward))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    (item,) = [one for one in await mesh[SOCIAL].take_in() if one["message_id"] == sent.id]
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    await mesh[HEALTH].take_in()
    return consent, sent, item


def shares_left(mesh: Mesh, referral_id: str) -> set[str]:
    row = next(row for row in mesh.rows(REFERRALS) if row["referral_id"] == referral_id)
    return {name for name, half in row["halves"].items() if half[2] is not None}


def notices(items: list[Message]) -> list[Message]:
    found = [item for item in items if item["kind"] == "notice"]
    for item in found:
        parse_notice(item["body"].encode())
    return [json.loads(item["body"]) for item in found]


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def test_whole_revocation_destroys_every_half(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    assert shares_left(mesh, sent.id) == {"contact", "identity"}
    answer = await mesh[HEALTH].revoke(consent)
    assert (answer.status_code, answer.json()["consent"]["state"]) == (202, "revoked")
    assert answer.json()["notified"] == [SOCIAL]
    assert shares_left(mesh, sent.id) == set()
    refused = (await mesh[SOCIAL].open(sent, "identity")).json()
    assert (refused["shares"], refused["refused"].keys()) == ({}, {"identity"})
    seen = (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()
    assert seen["state"] == "revoked"


async def test_holder_is_told_which_compartments_and_until_when(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    await mesh[HEALTH].revoke(consent)
    (notice,) = notices(await mesh[SOCIAL].take_in())
    assert (notice["type"], notice["referral_id"]) == ("revoked", sent.id)
    assert set(notice["data"]["compartments"]) == set(sent.plaintexts)
    assert notice["data"]["due_at"] == to_wire(mesh.clock.now() + timedelta(hours=24))


async def test_part_taken_back_leaves_the_rest(mesh: Mesh) -> None:
    consent, sent, item = await accepted(mesh)
    answer = await mesh[HEALTH].revoke(consent, compartments=["identity"])
    assert answer.json()["consent"]["state"] == "narrowed"
    assert shares_left(mesh, sent.id) == {"contact"}
    opened = (await mesh[SOCIAL].open(sent, "identity", "contact")).json()
    assert opened["refused"] == {"identity": "consent.revoked"}
    assert mesh[SOCIAL].unseal(item, "contact", opened["shares"]["contact"]) == {}
    (notice,) = notices(await mesh[SOCIAL].take_in())
    assert (notice["data"]["compartments"], notice["data"]["state"]) == (["identity"], "accepted")
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "accepted"


async def test_required_part_taken_back_ends_the_referral(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    await mesh[HEALTH].revoke(consent, compartments=["contact"])
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "revoked"
    assert shares_left(mesh, sent.id) == set()


async def test_revocation_for_one_recipient_spares_the_other(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    other = await mesh[HEALTH].refer(SHELTER_HOUSE, consent)
    await mesh[HEALTH].revoke(consent, recipients=[SOCIAL])
    assert shares_left(mesh, sent.id) == set()
    assert shares_left(mesh, other.id) == set(other.hub_shares)
    again = await mesh[HEALTH].refer(SOCIAL, consent)
    assert again.answer.json()["code"] == "consent.revoked"
    assert (await mesh[HEALTH].refer(SHELTER_HOUSE, consent)).answer.status_code == 202


async def test_waiting_referral_is_stopped_and_nobody_bothered(own_mesh: Mesh) -> None:
    consent = await own_mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await own_mesh[HEALTH].refer(SOCIAL, consent)
    answer = await own_mesh[HEALTH].revoke(consent)
    assert answer.json()["notified"] == []
    assert await own_mesh[SOCIAL].inbox() == []
    row = next(row for row in own_mesh.rows(MESSAGES) if row["message_id"] == sent.id)
    assert (row["body"], row["signature"], row["settled_code"]) == (None, None, "revoked")
    holders = (await own_mesh[HEALTH].get(f"/v1/consents/{consent['id']}/propagation")).json()
    assert [holder["result"] for holder in holders["holders"]] == ["never_opened"]
    assert holders["complete"] is True


async def noted(mesh: Mesh, sent: Sent) -> str:
    """Send a note about an accepted referral to its recipient, and return its id."""
    note, shares = mesh[HEALTH].note_message(sent, "An invented sentence.")
    answer = await mesh[HEALTH].post(f"/v1/referrals/{sent.id}/notes", note, hub_shares=shares)
    assert answer.status_code == 202, answer.text
    return str(note["id"])


def waits(mesh: Mesh, message_id: str) -> bool:
    row = next(row for row in mesh.rows(MESSAGES) if row["message_id"] == message_id)
    assert (row["body"] is None) is (row["hub_shares"] is None) is (row["settled_at"] is not None)
    return row["settled_at"] is None


async def test_note_that_waits_about_a_completed_case_is_stopped_with_its_half(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    await mesh[SOCIAL].reported(sent, "started")
    await mesh[SOCIAL].reported(sent, "completed", outcome="admitted")
    await mesh[HEALTH].take_in()
    note = await noted(mesh, sent)
    await mesh[HEALTH].revoke(consent)
    assert not waits(mesh, note)
    assert "note" not in [item["kind"] for item in await mesh[SOCIAL].take_in()]


async def test_note_that_waits_is_stopped_when_notes_alone_are_taken_back(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    note = await noted(mesh, sent)
    await mesh[HEALTH].revoke(consent, compartments=["note"])
    assert not waits(mesh, note)
    assert shares_left(mesh, sent.id) == {"contact", "identity"}


async def test_note_that_waits_goes_on_when_what_is_taken_back_does_not_concern_it(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    note = await noted(mesh, sent)
    await mesh[HEALTH].revoke(consent, compartments=["identity"])
    assert waits(mesh, note)
    assert note in [item["message_id"] for item in await mesh[SOCIAL].take_in()]


async def test_delivery_on_its_way_counts_as_held(own_mesh: Mesh) -> None:
    consent = await own_mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await own_mesh[HEALTH].refer(SOCIAL, consent)
    (item,) = await own_mesh[SOCIAL].inbox()
    answer = await own_mesh[HEALTH].revoke(consent)
    assert answer.json()["notified"] == [SOCIAL]
    await own_mesh[SOCIAL].settle(item)
    (notice,) = notices(await own_mesh[SOCIAL].take_in())
    assert notice["type"] == "revoked"
    assert shares_left(own_mesh, sent.id) == set()
    assert (await own_mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "revoked"


async def holder_of(mesh: Mesh, consent: Message) -> tuple[str, bool]:
    """What the recorder sees of the one holder: its result, and whether all is answered."""
    seen = (await mesh[HEALTH].get(f"/v1/consents/{consent['id']}/propagation")).json()
    (holder,) = seen["holders"]
    return holder["result"], seen["complete"]


async def on_its_way(mesh: Mesh) -> tuple[Message, Sent, Message, Message]:
    """Consent is taken back while a referral is on its way; return the delivery and the notice that follows it."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    (item,) = [one for one in await mesh[SOCIAL].inbox() if one["message_id"] == sent.id]
    assert (await mesh[HEALTH].revoke(consent)).status_code == 202
    (notice,) = [one for one in await mesh[SOCIAL].inbox() if one["kind"] == "notice"]
    return consent, sent, item, notice


async def test_what_is_rejected_on_its_way_was_never_opened(mesh: Mesh) -> None:
    """The recipient checks the consent itself, finds it taken back, and signs that it did not take the referral."""
    consent, sent, item, notice = await on_its_way(mesh)
    await mesh[SOCIAL].settle(item, result="rejected", code="consent.revoked")
    await mesh[SOCIAL].settle(notice, result="rejected", code="referral.unknown")
    assert await holder_of(mesh, consent) == ("never_opened", True)
    assert await delivered_as(mesh, sent) == ["consent.revoked", "referral.unknown"]
    await proved(mesh, consent)


async def test_who_never_got_what_was_on_its_way_never_opened_it(mesh: Mesh) -> None:
    consent, sent, _, notice = await on_its_way(mesh)
    await mesh[SOCIAL].settle(notice, result="rejected", code="referral.unknown")
    assert await holder_of(mesh, consent) == ("never_opened", True)
    assert await delivered_as(mesh, sent) == ["referral.unknown"]
    await proved(mesh, consent)


@pytest.mark.parametrize("code", ["referral.unknown", "message.invalid"])
async def test_who_stores_it_after_it_has_refused_the_notice_is_told_again(mesh: Mesh, code: str) -> None:
    consent, sent, item, notice = await on_its_way(mesh)
    await mesh[SOCIAL].settle(notice, result="rejected", code=code)
    await mesh[SOCIAL].settle(item)
    (again,) = [one for one in notices(await mesh[SOCIAL].take_in()) if one["referral_id"] == sent.id]
    assert (again["type"], await holder_of(mesh, consent)) == ("revoked", ("pending", False))
    await mesh[SOCIAL].reported(sent, "sealed", result="sealed")
    assert await holder_of(mesh, consent) == ("sealed", True)
    await proved(mesh, consent)


async def test_a_receipt_that_comes_twice_opens_nothing_again(mesh: Mesh) -> None:
    consent, sent, item, notice = await on_its_way(mesh)
    await mesh[SOCIAL].settle(item, notice)
    await mesh[SOCIAL].reported(sent, "sealed", result="never_opened")
    await mesh[SOCIAL].settle(item)
    await mesh[SOCIAL].settle(item, result="rejected", code="consent.revoked")
    assert await holder_of(mesh, consent) == ("never_opened", True)
    assert notices(await mesh[SOCIAL].take_in()) == []
    assert await delivered_as(mesh, sent) == ["stored", "stored"]


async def delivered_as(mesh: Mesh, sent: Sent) -> list[str]:
    """What the ledger has of the receipts about a referral's delivery and that of its notice."""
    chain = (await mesh.oversight.get(f"/v1/chains/{sent.message['chain_id']}")).json()
    entries = [json.loads(one["leaf"]) for one in chain["entries"]]
    return [one["code"] for one in entries if one["kind"] == "delivery" and one["referral_id"] == sent.id]


async def proved(mesh: Mesh, consent: Message) -> None:
    """Hold that the certificate of the withdrawal verifies offline, with the signed answer of each holder in it."""
    answer = await mesh[HEALTH].get(f"/v1/consents/{consent['id']}/certificate")
    jwks = (await mesh[HEALTH].get("/.well-known/jwks.json")).json()
    verdict = verify_certificate(answer.content, jwks=jwks)
    assert (list(verdict.findings), verdict.counted) == ([], 1)


async def test_holder_confirms_and_the_recorder_sees_it(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    await mesh[HEALTH].revoke(consent)
    path = f"/v1/consents/{consent['id']}/propagation"
    assert (await mesh[HEALTH].get(path)).json()["complete"] is False
    await mesh[SOCIAL].reported(sent, "sealed", result="sealed")
    seen = (await mesh[HEALTH].get(path)).json()
    (holder,) = seen["holders"]
    assert (holder["agency"], holder["result"], seen["complete"]) == (SOCIAL, "sealed", True)
    proof = await mesh[HEALTH].get("/v1/ledger/proofs/inclusion", index=holder["ledger_index"])
    assert proof.status_code == 200
    assert (await mesh[LEGAL].get(path)).status_code == 404
    assert (await mesh.oversight.get(path)).json() == seen


async def test_ancestor_taken_back_takes_back_what_was_derived(mesh: Mesh) -> None:
    health, social = mesh[HEALTH], mesh[SOCIAL]
    consent = await health.record_consent(
        a_grant(SOCIAL, onward=True),
        a_grant(SHELTER_HOUSE, compartments=["contact", "safety", "preferences", "dependants"]),
    )
    sent = await health.refer(SOCIAL, consent)
    await social.take_in()
    await social.reported(sent, "acknowledged", "accepted")
    parts = ["contact", "safety", "preferences", "dependants"]
    derived = await social.record_consent(
        a_grant(SHELTER_HOUSE, compartments=parts),
        subject=consent["subject"],
        derived_from=consent["id"],
        valid_to=consent["valid_to"],
        valid_from=consent["valid_from"],
    )
    child = await social.refer(
        SHELTER_HOUSE, derived, chain_id=sent.id, parent_id=sent.id, plaintexts={name: {} for name in parts}
    )
    assert child.answer.status_code == 202, child.answer.text
    await mesh[SHELTER_HOUSE].take_in()
    answer = await health.revoke(consent)
    assert answer.json()["notified"] == [SHELTER_HOUSE, SOCIAL]
    assert shares_left(mesh, child.id) == shares_left(mesh, sent.id) == set()
    (notice,) = notices(await mesh[SHELTER_HOUSE].take_in())
    assert notice["referral_id"] == child.id


async def sent_on(mesh: Mesh) -> tuple[Message, Sent, Sent]:
    """Health refers to social, which refers on to the shelter under the same consent."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, onward=True), a_grant(SHELTER_HOUSE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    child = await mesh[SOCIAL].refer(SHELTER_HOUSE, consent, chain_id=sent.id, parent_id=sent.id)
    assert child.answer.status_code == 202, child.answer.text
    await mesh[SHELTER_HOUSE].take_in()
    await mesh[SHELTER_HOUSE].reported(child, "acknowledged", "accepted")
    for agency in (HEALTH, SOCIAL):
        await mesh[agency].take_in()
    return consent, sent, child


@pytest.mark.parametrize("asker", [HEALTH, SOCIAL])
async def test_who_sent_on_what_is_taken_back_from_it_alone_seals_off_its_copy_too(mesh: Mesh, asker: str) -> None:
    consent, sent, child = await sent_on(mesh)
    answer = await mesh[asker].revoke(consent, recipients=[SOCIAL])
    assert answer.status_code == 202, answer.text
    own = {one["referral_id"]: one for one in answer.json()["own"]}
    told = {one["referral_id"]: one["data"] for one in notices(await mesh[SOCIAL].take_in())}
    asked = told if asker == HEALTH else own
    assert asked.keys() >= {sent.id, child.id}
    assert (set(asked[child.id]["compartments"]), asked[child.id]["state"]) == (set(child.plaintexts), "accepted")
    assert shares_left(mesh, child.id) == {"contact", "identity"}
    assert await mesh[SHELTER_HOUSE].take_in() == []


async def test_no_note_of_an_onward_referral_reaches_whom_consent_was_taken_back_from(mesh: Mesh) -> None:
    consent, _, child = await sent_on(mesh)
    note, shares = mesh[SHELTER_HOUSE].note_message(child, "An invented sentence.")
    path = f"/v1/referrals/{child.id}/notes"
    assert (await mesh[SHELTER_HOUSE].post(path, note, hub_shares=shares)).status_code == 202
    await mesh[HEALTH].revoke(consent, recipients=[SOCIAL])
    assert not waits(mesh, note["id"])
    again, shares = mesh[SHELTER_HOUSE].note_message(child, "Another one.")
    refused = await mesh[SHELTER_HOUSE].post(path, again, hub_shares=shares)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent.revoked")
    assert "note" not in [item["kind"] for item in await mesh[SOCIAL].take_in()]
    back, shares = mesh[SOCIAL].note_message(child, "What it knows it may still say.")
    assert (await mesh[SOCIAL].post(path, back, hub_shares=shares)).status_code == 202


async def test_derived_consent_may_not_widen(mesh: Mesh) -> None:
    consent, _, _ = await accepted(mesh, onward=True)
    wider = mesh[SOCIAL].consent_message(
        a_grant(LEGAL, services=["LEG-02"], compartments=["legal"]),
        subject=consent["subject"],
        derived_from=consent["id"],
        valid_to=consent["valid_to"],
        valid_from=consent["valid_from"],
    )
    answer = await mesh[SOCIAL].post("/v1/consents", wider)
    assert (answer.status_code, answer.json()["code"]) == (403, "consent.not-narrower")
    assert answer.json()["ledger_index"] > 0
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/grants/0/recipients"]


async def test_stranger_cannot_take_consent_back_nor_learn_of_it(mesh: Mesh) -> None:
    consent, sent, _ = await accepted(mesh)
    answer = await mesh[LEGAL].revoke(consent)
    assert (answer.status_code, answer.json()["code"]) == (404, "consent.unknown")
    assert shares_left(mesh, sent.id) == {"contact", "identity"}
    assert (await mesh[LEGAL].get(f"/v1/consents/{consent['id']}")).status_code == 404


async def test_recipient_sees_only_the_lines_that_name_it(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    consent = await health.record_consent(a_grant(SOCIAL), a_grant(LEGAL, services=["LEG-02"], compartments=["legal"]))
    await health.revoke(consent, recipients=[LEGAL])
    await health.revoke(consent, recipients=[LEGAL, SOCIAL], compartments=["identity"])
    seen = (await mesh[SOCIAL].get(f"/v1/consents/{consent['id']}")).json()
    assert [grant["recipients"] for grant in seen["grants"]] == [[SOCIAL]]
    assert [taking["recipients"] for taking in seen["takings"]] == [[SOCIAL]]
    assert LEGAL not in json.dumps(seen)


async def test_several_consents_are_read_at_once_as_far_as_each_concerns_the_reader(mesh: Mesh) -> None:
    shared = await mesh[HEALTH].record_consent(
        a_grant(SOCIAL), a_grant(LEGAL, services=["LEG-02"], compartments=["legal"])
    )
    hidden = await mesh[HEALTH].record_consent(a_grant(LEGAL, services=["LEG-02"], compartments=["legal"]))
    answer = await mesh[SOCIAL].get("/v1/consents", ids=f"{hidden['id']},{shared['id']}")
    (seen,) = answer.json()["items"]
    assert seen == (await mesh[SOCIAL].get(f"/v1/consents/{shared['id']}")).json()
    assert [grant["recipients"] for grant in seen["grants"]] == [[SOCIAL]]
    assert (await mesh[SOCIAL].get("/v1/consents", ids="everything")).status_code == 422
