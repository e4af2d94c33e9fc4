"""Two halves of a key: what opens when, for whom, and what never does."""

from collections.abc import Sequence

import pytest

from shared.kernel.errors import InputRejected
from shared.referral.blocked import blocked_hash
from tests.support.agency import SHELTER, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, POLICE, SOCIAL, Mesh
from tests.support.places import refusal


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def referred(mesh: Mesh, **changes: object) -> Sent:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, onward=True), a_grant(POLICE, services=["POL-04"]))
    return await mesh[HEALTH].refer(SOCIAL, consent, **changes)


async def test_identity_does_not_open_before_acceptance(mesh: Mesh) -> None:
    sent = await referred(mesh)
    (item,) = await mesh[SOCIAL].take_in()
    assert "identity" not in item["hub_shares"]
    for step in ("acknowledged", None):
        answer = (await mesh[SOCIAL].open(sent, "identity", "safety")).json()
        assert answer["shares"] == {}
        assert answer["refused"]["identity"] == "referral.stage"
        if step:
            await mesh[SOCIAL].reported(sent, step)


async def test_agency_that_declines_never_learns_who_she_is(mesh: Mesh) -> None:
    sent = await referred(mesh)
    (item,) = await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged")
    await mesh[SOCIAL].reported(sent, "declined", reason="D05")
    answer = (await mesh[SOCIAL].open(sent, "identity", "contact")).json()
    assert (answer["shares"], set(answer["refused"])) == ({}, {"identity", "contact"})
    with pytest.raises(InputRejected):
        mesh[SOCIAL].unseal(item, "identity", sent.hub_shares["safety"])
    states = {
        part["name"]: part["state"]
        for part in (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["compartments"]
    }
    assert states["identity"] == "destroyed"


async def test_accepted_agency_opens_and_may_open_again(mesh: Mesh) -> None:
    sent = await referred(
        mesh,
        plaintexts={
            **SHELTER,
            "identity": {"full_name": "An invented name"},
        },
    )
    (item,) = await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    for _ in range(2):
        shares = (await mesh[SOCIAL].open(sent, "identity")).json()["shares"]
        assert mesh[SOCIAL].unseal(item, "identity", shares["identity"]) == {"full_name": "An invented name"}
    history = (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["history"]
    assert [entry["code"] for entry in history if entry["type"] == "release"] == ["identity", "identity"]


async def test_repeated_opening_is_decided_anew(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    message = mesh[SOCIAL].head("opening", compartments=["identity"], actor="staff-1", reason="service_delivery")
    path = f"/v1/referrals/{sent.id}/openings"
    assert (await mesh[SOCIAL].post(path, message)).json()["shares"].keys() == {"identity"}
    await mesh[HEALTH].reported(sent, "cancelled")
    again = await mesh[SOCIAL].post(path, message)
    assert (again.headers["Idempotent-Replayed"], again.json()["shares"]) == ("true", {})


async def test_half_that_only_the_repetition_of_an_opening_got_counts_as_opened(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged")
    message = mesh[SOCIAL].head("opening", compartments=["identity"], actor="staff-1", reason="service_delivery")
    path = f"/v1/referrals/{sent.id}/openings"
    assert (await mesh[SOCIAL].post(path, message)).json()["shares"] == {}
    await mesh[SOCIAL].reported(sent, "accepted")
    assert (await mesh[SOCIAL].post(path, message)).json()["shares"].keys() == {"identity"}
    shown = (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["compartments"]
    assert {"name": "identity", "stage": "accepted", "state": "opened"} in shown


async def test_each_repetition_of_an_opening_by_whom_the_case_is_kept_from_is_refused_on_record(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    message = mesh[SOCIAL].head("opening", compartments=["identity"], actor="staff-9", reason="service_delivery")
    path = f"/v1/referrals/{sent.id}/openings"
    assert (await mesh[SOCIAL].post(path, message)).status_code == 200
    declared = mesh[SOCIAL].head("opening", compartments=["identity"], actor="staff-9", reason="conflict_of_interest")
    assert (await mesh[SOCIAL].post(path, declared)).json()["shares"] == {}
    for _ in range(3):
        refused = await mesh[SOCIAL].post(path, message)
        assert (refused.status_code, refused.json()["code"]) == (403, "referral.blocked")
        assert refused.json()["ledger_index"] > 0


@pytest.mark.parametrize("reader", [HEALTH, LEGAL])
async def test_only_the_recipient_opens(mesh: Mesh, reader: str) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    answer = await mesh[reader].open(sent, "identity")
    assert answer.status_code == (403 if reader == HEALTH else 404)
    assert "shares" not in answer.json()


async def test_compartment_that_was_not_sent_is_not_opened(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    answer = (await mesh[SOCIAL].open(sent, "forensic", "identity")).json()
    assert answer["refused"] == {"forensic": "seal.compartment-absent"}
    assert answer["shares"].keys() == {"identity"}


@pytest.mark.rule("R-04")
async def test_blocked_agency_never_receives_the_case(mesh: Mesh) -> None:
    chain = mesh[HEALTH].ids.new()
    sent = await referred(mesh, id=chain, blocked=[blocked_hash(chain, SOCIAL)])
    assert (sent.answer.status_code, sent.answer.json()["code"]) == (403, "referral.blocked")
    assert await mesh[SOCIAL].inbox() == []


async def test_block_goes_down_the_chain(mesh: Mesh) -> None:
    chain = mesh[HEALTH].ids.new()
    consent = await mesh[HEALTH].record_consent(
        a_grant(SOCIAL, onward=True),
        a_grant(
            LEGAL,
            services=["LEG-01"],
            compartments=["contact", "preferences", "safety", "legal", "identity", "incident", "needs"],
        ),
    )
    sent = await mesh[HEALTH].refer(SOCIAL, consent, id=chain, blocked=[blocked_hash(chain, LEGAL)])
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    onward = await mesh[SOCIAL].refer(
        LEGAL, consent, service_type="LEG-01", chain_id=chain, parent_id=sent.id, plaintexts={"contact": {}}
    )
    assert "referral.blocked" in {reason["code"] for reason in onward.answer.json()["reasons"]}


@pytest.mark.rule("R-11")
async def test_blocked_person_opens_nothing(mesh: Mesh) -> None:
    chain = mesh[HEALTH].ids.new()
    sent = await referred(mesh, id=chain, blocked=[blocked_hash(chain, "officer-7")])
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    refused = await mesh[SOCIAL].open(sent, "identity", actor="officer-7")
    assert (refused.status_code, refused.json()["code"]) == (403, "referral.blocked")
    assert (await mesh[SOCIAL].open(sent, "identity", actor="officer-8")).json()["shares"].keys() == {"identity"}


@pytest.mark.rule("R-11")
async def test_blocked_person_reports_and_writes_nothing_on_either_side(mesh: Mesh) -> None:
    chain = mesh[HEALTH].ids.new()
    sent = await referred(mesh, id=chain, blocked=[blocked_hash(chain, "officer-7")])
    await mesh[SOCIAL].take_in()
    note, shares = mesh[SOCIAL].note_message(sent, "An invented sentence.", actor="officer-7")
    refused = [
        await mesh[SOCIAL].report(sent, "acknowledged", actor="officer-7"),
        await mesh[SOCIAL].report(sent, "withdrawn", actor="officer-7"),
        await mesh[HEALTH].report(sent, "cancelled", actor="officer-7"),
        await mesh[SOCIAL].post(f"/v1/referrals/{sent.id}/notes", note, hub_shares=shares),
    ]
    assert [refusal(answer) for answer in refused] == [(403, "referral.blocked")] * 4
    assert {answer.json()["reasons"][0]["rule"] for answer in refused} == {"R-11"}
    assert all(answer.json()["ledger_index"] > 0 for answer in refused)
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "delivered"
    assert (await mesh[SOCIAL].report(sent, "acknowledged", actor="officer-8")).status_code == 202


@pytest.mark.rule("R-11")
@pytest.mark.parametrize(("worked", "event"), [((), "declined"), (("accepted", "started"), "failed")])
async def test_blocked_person_gives_the_case_back_because_of_that_and_for_no_other_reason(
    mesh: Mesh, worked: Sequence[str], event: str
) -> None:
    chain = mesh[HEALTH].ids.new()
    sent = await referred(mesh, id=chain, blocked=[blocked_hash(chain, "officer-7")])
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", *worked)
    for_another = await mesh[SOCIAL].report(sent, event, actor="officer-7", reason="D01")
    assert refusal(for_another) == (403, "referral.blocked")
    assert (await mesh[SOCIAL].report(sent, event, actor="officer-7", reason="D05")).status_code == 202


async def test_immediate_danger_opens_everything_at_once(own_mesh: Mesh) -> None:
    sent = await referred(own_mesh, urgency="immediate", phoned_first=True)
    assert sent.answer.status_code == 202, sent.answer.text
    (item,) = await own_mesh[SOCIAL].take_in()
    assert item["hub_shares"].keys() == set(sent.hub_shares)


async def test_one_question_back_is_all(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged")
    await mesh[SOCIAL].reported(sent, "info_requested", question="interpreter_language")
    await mesh[HEALTH].reported(sent, "info_provided")
    again = await mesh[SOCIAL].report(sent, "info_requested", question="interpreter_language")
    assert (again.status_code, again.json()["code"]) == (403, "sop.info-requests")


@pytest.mark.rule("R-25")
async def test_she_is_tried_three_times_and_not_more(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    await mesh[SOCIAL].reported(sent, *["contact_attempted"] * 3)
    fourth = await mesh[SOCIAL].report(sent, "contact_attempted")
    assert (fourth.status_code, fourth.json()["code"]) == (403, "sop.contact-attempts")
    assert fourth.json()["reasons"][0]["basis"]
