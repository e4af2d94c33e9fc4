"""Conflicts of interest at the gateway: whoever declared one opens nothing any more; counted, never named."""

import json
from typing import Any

import httpx

from gateway.adapters.tables import CONFLICTS
from tests.support.agency import SHELTER, Agency, Sent, a_grant
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, LEGAL, POLICE, SHELTER_HOUSE, SOCIAL, Mesh
from tests.support.places import refusal

DECLARATION = "conflict_of_interest"
OFFICER, COLLEAGUE = "officer-7", "officer-8"


async def accepted(mesh: Mesh, **changes: Any) -> Sent:
    """A referral that social services have accepted."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE, onward=True))
    sent = await mesh[HEALTH].refer(SOCIAL, consent, **changes)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    return sent


def opening(agency: Agency, actor: str, *names: str, reason: str = "service_delivery") -> dict[str, Any]:
    return agency.head("opening", compartments=list(names or ("identity",)), actor=actor, reason=reason)


async def declare(agency: Agency, sent: Sent, actor: str = OFFICER) -> httpx.Response:
    return await agency.post(f"/v1/referrals/{sent.id}/openings", opening(agency, actor, *SHELTER, reason=DECLARATION))


async def test_a_declaration_opens_nothing_and_is_recorded_without_who_or_why(mesh: Mesh) -> None:
    sent = await accepted(mesh)
    answer = await declare(mesh[SOCIAL], sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["shares"] == {}
    assert set(answer.json()["refused"].values()) == {"referral.blocked"}
    entry = (await all_entries(mesh.oversight))[answer.json()["receipt"]["ledger_index"]]
    leaf = json.loads(entry.leaf)
    assert (leaf["kind"], leaf["code"], leaf["actor"]) == ("opening", DECLARATION, SOCIAL)
    assert OFFICER not in entry.leaf
    (row,) = mesh.rows(CONFLICTS)
    assert OFFICER not in json.dumps(row)


async def test_whoever_declared_a_conflict_opens_nothing_and_a_colleague_does(mesh: Mesh) -> None:
    sent = await accepted(mesh)
    await declare(mesh[SOCIAL], sent)
    refused = await mesh[SOCIAL].open(sent, "identity", actor=OFFICER)
    assert refusal(refused) == (403, "referral.blocked")
    assert refused.json()["reasons"][0]["rule"] == "R-11"
    leaf = json.loads((await all_entries(mesh.oversight))[refused.json()["ledger_index"]].leaf)
    assert (leaf["kind"], leaf["code"]) == ("refusal", "referral.blocked")
    assert (await mesh[SOCIAL].open(sent, "identity", actor=COLLEAGUE)).json()["shares"].keys() == {"identity"}


async def test_an_opening_from_before_the_declaration_gives_nothing_when_it_is_replayed(mesh: Mesh) -> None:
    sent = await accepted(mesh)
    path, message = f"/v1/referrals/{sent.id}/openings", opening(mesh[SOCIAL], OFFICER)
    assert (await mesh[SOCIAL].post(path, message)).json()["shares"].keys() == {"identity"}
    await declare(mesh[SOCIAL], sent)
    replayed = await mesh[SOCIAL].post(path, message)
    assert refusal(replayed) == (403, "referral.blocked")
    assert "shares" not in replayed.json()


async def test_a_declaration_sent_twice_is_answered_twice_and_made_once(mesh: Mesh) -> None:
    sent = await accepted(mesh)
    path = f"/v1/referrals/{sent.id}/openings"
    message = opening(mesh[SOCIAL], OFFICER, reason=DECLARATION)
    first = await mesh[SOCIAL].post(path, message)
    again = await mesh[SOCIAL].post(path, message)
    assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", first.json())
    assert refusal(await declare(mesh[SOCIAL], sent)) == (403, "referral.blocked")
    assert len(mesh.rows(CONFLICTS)) == 1


async def test_a_declaration_holds_for_the_whole_case_at_this_agency_and_for_no_other(mesh: Mesh) -> None:
    first = await accepted(mesh)
    await declare(mesh[SOCIAL], first)
    consent = {"id": first.message["basis"]["consent_id"], "subject": first.message["subject"]}
    chain = {"chain_id": first.id, "parent_id": first.id}
    second = await mesh[HEALTH].refer(SOCIAL, consent, **chain)
    elsewhere = await mesh[HEALTH].refer(SHELTER_HOUSE, consent, **chain)
    for name, sent in ((SOCIAL, second), (SHELTER_HOUSE, elsewhere)):
        await mesh[name].take_in()
        await mesh[name].reported(sent, "acknowledged", "accepted")
    assert refusal(await mesh[SOCIAL].open(second, "identity", actor=OFFICER)) == (403, "referral.blocked")
    assert (await mesh[SHELTER_HOUSE].open(elsewhere, "identity", actor=OFFICER)).json()["shares"].keys() == {
        "identity"
    }
    another = await accepted(mesh)
    assert (await mesh[SOCIAL].open(another, "identity", actor=OFFICER)).json()["shares"].keys() == {"identity"}


async def test_nobody_declares_a_conflict_for_the_people_of_another_agency(mesh: Mesh) -> None:
    sent = await accepted(mesh)
    assert refusal(await declare(mesh[HEALTH], sent, COLLEAGUE)) == (403, "referral.not-recipient")
    assert refusal(await declare(mesh[LEGAL], sent, COLLEAGUE)) == (404, "referral.unknown")
    assert (await mesh[SOCIAL].open(sent, "identity", actor=COLLEAGUE)).status_code == 200


# Counts (indicator I39).


async def counted(reader: Agency, indicator: str = "I39", **asked: str) -> dict[tuple[str, str], int | None]:
    answer = (await reader.get("/v1/indicators", **asked)).json()
    (found,) = [one for one in answer["indicators"] if one["id"] == indicator]
    return {(cell["what"], cell["sector"]): cell["count"] for cell in found["cells"]}


async def test_declarations_and_referrals_given_back_are_counted(mesh: Mesh) -> None:
    sent = await accepted(mesh)
    await declare(mesh[SOCIAL], sent)
    await declare(mesh[SOCIAL], sent, COLLEAGUE)
    await mesh[SOCIAL].reported(sent, "declined", reason="D05")
    other = await accepted(mesh)
    await mesh[SOCIAL].reported(other, "declined", reason="D07")
    cells = await counted(mesh.oversight)
    assert {key: count for key, count in cells.items() if count} == {
        ("declared", "social"): 2,
        ("declined", "social"): 1,
    }
    assert len(cells) == 10, "every combination is there: one that is missing would say that it is zero"


async def test_nobody_but_oversight_sees_a_small_count(mesh: Mesh) -> None:
    await declare(mesh[SOCIAL], await accepted(mesh))
    for reader in (SOCIAL, POLICE):
        for indicator in ("I26", "I39"):
            assert set((await counted(mesh[reader], indicator)).values()) == {None}
