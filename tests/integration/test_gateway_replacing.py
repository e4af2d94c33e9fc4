"""One referral in the place of another, at the gateway: who may, how often, and what is offered; on both databases."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.agency import Agency, Message, Sent, a_grant
from tests.support.mesh import HEALTH, POLICE, SHELTER_HOUSE, SOCIAL, Mesh, enrolment, keys_of
from tests.support.places import refusal
from tests.support.ticking import notices

HOUSES = ("house-a-th", "house-b-th", "house-c-th", "house-d-th")
WISH = {"facts": {"reroute_if_declined": True}}


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


def a_house(mesh: Mesh, name: str) -> Agency:
    """Another shelter."""
    mesh.provision(lambda desk: desk.enroll(enrolment(name, "social", "SOC-")))
    return replace(mesh[HEALTH], id=name, keys=keys_of(name), _tokens={})


async def declined(holder: Agency, sent: Sent, reason: str = "D07") -> None:
    assert sent.answer.status_code == 202, sent.answer.text
    await holder.take_in()
    await holder.reported(sent, "acknowledged")
    await holder.reported(sent, "declined", reason=reason)


async def instead(sender: Agency, recipient: str, consent: Message, before: Sent, **changes: Any) -> Sent:
    """Refer in the place of another referral."""
    named = {"chain_id": before.message["chain_id"], "replaces": before.id, **WISH, **changes}
    return await sender.refer(recipient, consent, **named)


async def offered(mesh: Mesh, sent: Sent) -> dict[str, Any] | None:
    """What the sender was offered after a decline; None when it was offered nothing."""
    found = [one["data"] for one in await notices(mesh[HEALTH], "next_agency") if one["referral_id"] == sent.id]
    return found[0] if found else None


async def test_going_on_is_offered_three_times_in_a_row_and_then_left_to_a_person(mesh: Mesh) -> None:
    houses = {name: a_house(mesh, name) for name in HOUSES}
    mesh[HEALTH].directory.update(houses)  # type: ignore[attr-defined]  # a dict for whoever makes agencies
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, *HOUSES))
    sent, holder = await mesh[HEALTH].refer(SOCIAL, consent, **WISH), mesh[SOCIAL]
    said = []
    for name in (*HOUSES[:3], None):
        await declined(holder, sent)
        offer = await offered(mesh, sent)
        assert offer is not None
        said.append((offer["next_agency"], offer["reroute"]))
        if name is not None:
            sent, holder = await instead(mesh[HEALTH], name, consent, sent), houses[name]
    assert said == [(HOUSES[0], True), (HOUSES[1], True), (HOUSES[2], True), (HOUSES[3], False)]


@pytest.mark.parametrize(("wish", "reason"), [(WISH, "D09"), ({}, "D07")])
async def test_nothing_is_offered_unasked_nor_after_a_reason_that_holds_everywhere(
    mesh: Mesh, wish: dict[str, Any], reason: str
) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent, **wish)
    await declined(mesh[SOCIAL], sent, reason)
    assert await offered(mesh, sent) is None


async def test_the_recipient_that_declined_does_not_learn_who_is_next(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent, **WISH)
    await declined(mesh[SOCIAL], sent)
    await instead(mesh[HEALTH], SHELTER_HOUSE, consent, sent)
    assert await notices(mesh[SOCIAL]) == []
    assert SHELTER_HOUSE not in (await mesh[SOCIAL].get(f"/v1/referrals/{sent.id}")).text


async def test_a_referral_has_one_successor_and_no_second(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    await declined(mesh[SOCIAL], sent)
    first = await instead(mesh[HEALTH], SHELTER_HOUSE, consent, sent)
    assert first.answer.json()["referral"]["replaces"] == sent.id
    again = await instead(mesh[HEALTH], SHELTER_HOUSE, consent, sent)
    assert refusal(again.answer) == (409, "referral.replaced")


async def test_what_is_refused_does_not_take_the_place(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    await declined(mesh[SOCIAL], sent)
    await mesh[HEALTH].revoke(consent, recipients=[SHELTER_HOUSE])
    assert (await instead(mesh[HEALTH], SHELTER_HOUSE, consent, sent)).answer.status_code == 403
    fresh = await mesh[HEALTH].record_consent(a_grant(SHELTER_HOUSE), subject=consent["subject"])
    assert (await instead(mesh[HEALTH], SHELTER_HOUSE, fresh, sent)).answer.status_code == 202


@pytest.mark.parametrize("why", ["still open", "another's", "another person", "another chain"])
async def test_nothing_stands_in_for_what_is_not_the_senders_to_replace(mesh: Mesh, why: str) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE, POLICE))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    if why != "still open":
        await declined(mesh[SOCIAL], sent)
    sender, changes = mesh[HEALTH], {}
    if why == "another's":
        sender, consent = (
            mesh[SOCIAL],
            await mesh[SOCIAL].record_consent(a_grant(SHELTER_HOUSE), subject=consent["subject"]),
        )
    if why == "another person":
        consent = await mesh[HEALTH].record_consent(a_grant(SHELTER_HOUSE))
    if why == "another chain":
        other = await mesh[HEALTH].refer(SOCIAL, consent)
        changes = {"chain_id": other.message["chain_id"], "parent_id": other.id}
    answer = (await instead(sender, SHELTER_HOUSE, consent, sent, **changes)).answer
    assert refusal(answer) == (422, "referral.replaces")
