"""Children at the real gateway: who consents, who is left out, and a referral of their own; on both databases."""

from typing import Any

import httpx
import pytest

from gateway.adapters.tables import CONSENTS, LEDGER_ENTRIES, REFERRALS
from shared.kernel.clock import to_wire
from shared.referral.blocked import blocked_hash
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, POLICE, SHELTER_HOUSE, SOCIAL, Mesh
from tests.support.overrides import a_basis, try_override
from tests.support.withdrawals import PARTS, taken_back, taken_in

TWO = ({"actor": "social-4", "sector": "social"}, {"actor": "nurse-2", "sector": "health"})


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


def decided(mesh: Mesh, *workers: Message, why: str = "guardian_unsafe") -> Message:
    """A decision in a child's best interest, made just now."""
    return {"workers": list(workers or TWO), "reason": why, "at": to_wire(mesh.clock.now())}


def by_two(mesh: Mesh, *workers: Message, **changes: Any) -> Message:
    """How a consent is given by two workers, because the caregiver is unsafe."""
    given = {"grantor": "best_interest_decision", "assent": "verbal", "caregiver": "unsafe"}
    return {**given, "decision": decided(mesh, *workers), **changes}


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and the rule that was cited."""
    problem = answer.json()
    return answer.status_code, problem["code"], problem["reasons"][0]["rule"]


def recorded(mesh: Mesh, answer: httpx.Response) -> tuple[str, str]:
    """What the ledger says of a refusal: its kind and code."""
    entry = next(row for row in mesh.rows(LEDGER_ENTRIES) if row["idx"] == answer.json()["ledger_index"])
    return entry["kind"], entry["code"]


async def try_consent(mesh: Mesh, **given: Any) -> httpx.Response:
    """Record a consent that health was given in this way."""
    message = mesh[HEALTH].consent_message(a_grant(SOCIAL, onward=True), **given)
    return await mesh[HEALTH].post("/v1/consents", message)


# Who consents.


@pytest.mark.parametrize(
    ("given", "code", "rule"),
    [
        ({"grantor": "self", "age_band": "12_15"}, "consent.who", "age.12_15.guardian"),
        ({"grantor": "self", "age_band": "unknown"}, "consent.who", "age.unknown.guardian"),
        ({"grantor": "parent", "age_band": "adult"}, "consent.who", "age.adult.self"),
        ({"grantor": "guardian", "age_band": "6_11"}, "consent.assent", "age.6_11.guardian"),
        ({"grantor": "guardian", "caregiver": "unsafe"}, "consent.who", "age.unsafe-caregiver"),
        ({"grantor": "best_interest_decision"}, "consent.decision", "age.best-interest"),
    ],
)
async def test_consent_of_whoever_may_not_give_it_is_refused_and_recorded(
    mesh: Mesh, given: Message, code: str, rule: str
) -> None:
    before = mesh.rows(CONSENTS)
    answer = await try_consent(mesh, **given)
    assert refusal(answer) == (403, code, rule)
    assert answer.json()["mend"]
    assert recorded(mesh, answer) == ("refusal", code)
    assert mesh.rows(CONSENTS) == before


@pytest.mark.parametrize(
    "workers",
    [
        [{"actor": "social-4", "sector": "social"}],
        [{"actor": "social-4", "sector": "social"}, {"actor": "Social-4", "sector": "health"}],
        [{"actor": "officer-1", "sector": "police"}, {"actor": "officer-2", "sector": "police"}],
    ],
    ids=["one", "one who signs twice", "none of social work"],
)
async def test_single_worker_makes_no_best_interest_decision(mesh: Mesh, workers: list[Message]) -> None:
    answer = await try_consent(mesh, **by_two(mesh, *workers))
    assert refusal(answer) == (403, "consent.decision", "age.best-interest")
    basis = a_basis(kind="best_interest_child", decision=decided(mesh, *workers))
    sent = await try_override(mesh[HEALTH], SOCIAL, basis, service_type="SOC-01", plaintexts=PARTS, age_band="6_11")
    assert refusal(sent.answer) == (403, "basis.decision", "age.best-interest")


async def test_approver_alone_does_not_decide_for_a_child_by_law(mesh: Mesh) -> None:
    given = {"service_type": "SOC-01", "plaintexts": PARTS, "age_band": "under_6"}
    alone = await try_override(mesh[HEALTH], SOCIAL, a_basis(kind="best_interest_child"), **given)
    assert refusal(alone.answer) == (403, "basis.decision", "age.best-interest")
    basis = a_basis(kind="best_interest_child", decision=decided(mesh))
    together = await try_override(mesh[HEALTH], SOCIAL, basis, **given)
    assert together.answer.status_code == 202, together.answer.text


async def test_unknown_age_is_a_childs_when_a_referral_states_it(mesh: Mesh) -> None:
    hers = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, hers, age_band="unknown")
    assert refusal(sent.answer) == (403, "consent.who", "age.unknown.guardian")
    assert recorded(mesh, sent.answer) == ("refusal", "consent.who")
    assert (await mesh[HEALTH].refer(SOCIAL, hers)).answer.status_code == 202


async def test_two_workers_consent_and_the_recipient_reads_how_it_came_about(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL), age_band="6_11", **by_two(mesh))
    sent = await mesh[HEALTH].refer(SOCIAL, consent, age_band="6_11")
    await taken_in(mesh, sent)
    assert set((await mesh[SOCIAL].open(sent, "identity")).json()["shares"]) == {"identity"}
    shown = (await mesh[SOCIAL].get(f"/v1/consents/{consent['id']}")).json()
    assert (shown["grantor"], shown["caregiver"], shown["assent"]) == ("best_interest_decision", "unsafe", "verbal")
    assert shown["decision"] == consent["decision"]


async def test_decision_cannot_be_made_after_it_was_sent(mesh: Mesh) -> None:
    given = by_two(mesh)
    given["decision"]["at"] = "2099-01-01T00:00:00.000Z"
    answer = await try_consent(mesh, **given)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/decision/at")


# Who is left out.


@pytest.mark.parametrize("caregiver", ["safe", None])
async def test_what_an_unsafe_caregiver_agreed_to_carries_no_referral_that_knows_him(
    mesh: Mesh, caregiver: str | None
) -> None:
    his = await mesh[HEALTH].record_consent(a_grant(SOCIAL), grantor="guardian", assent="verbal", caregiver=caregiver)
    sent = await mesh[HEALTH].refer(SOCIAL, his, age_band="6_11", facts={"guardian_unsafe": True})
    assert refusal(sent.answer) == (403, "consent.who", "age.unsafe-caregiver")


async def test_unsafe_caregiver_is_remembered_along_the_chain(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL), age_band="under_6", **by_two(mesh))
    first = await mesh[HEALTH].refer(SOCIAL, consent, age_band="under_6", facts={"guardian_unsafe": True})
    await taken_in(mesh, first)
    his = await mesh[SOCIAL].record_consent(a_grant(SHELTER_HOUSE), subject=consent["subject"], grantor="parent")
    chain = {"chain_id": first.id, "parent_id": first.id}
    sent = await mesh[SOCIAL].refer(SHELTER_HOUSE, his, plaintexts=PARTS, age_band="under_6", **chain)
    assert refusal(sent.answer) == (403, "consent.who", "age.unsafe-caregiver")


async def test_unsafe_caregiver_takes_nothing_back(mesh: Mesh) -> None:
    mothers = await mesh[HEALTH].record_consent(
        a_grant(SOCIAL, onward=True), grantor="parent", age_band="under_6", caregiver="another_unsafe"
    )
    sent = await mesh[HEALTH].refer(SOCIAL, mothers, age_band="under_6")
    await taken_in(mesh, sent)
    for at in (HEALTH, SOCIAL):
        answer = await taken_back(mesh[at], mothers, word="guardian")
        assert (answer.status_code, answer.json()["code"]) == (403, "consent.revoker")
        assert "unsafe" not in answer.text
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "accepted"
    assert (await taken_back(mesh[HEALTH], mothers, word="recorder")).status_code == 202


async def test_guardian_whom_a_referral_calls_unsafe_takes_nothing_back_either(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(
        a_grant(SOCIAL), grantor="parent", age_band="under_6", caregiver="another_unsafe"
    )
    unsaid = await mesh[HEALTH].record_consent(a_grant(SOCIAL), grantor="parent", age_band="under_6", caregiver="safe")
    for one in (consent, unsaid):
        await mesh[HEALTH].refer(SOCIAL, one, age_band="under_6", facts={"guardian_unsafe": one is consent})
    assert (await taken_back(mesh[HEALTH], consent, word="guardian")).status_code == 403
    assert (await taken_back(mesh[HEALTH], unsaid, word="guardian")).status_code == 202


@pytest.mark.parametrize("why", ["guardian_unsafe", "guardian_absent", "guardian_refuses"])
async def test_what_two_workers_decided_is_not_undone_by_a_guardian(mesh: Mesh, why: str) -> None:
    given = by_two(mesh, caregiver=None, decision=decided(mesh, why=why))
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL), age_band="under_6", **given)
    answer = await taken_back(mesh[HEALTH], consent, word="guardian")
    assert (answer.status_code, answer.json()["code"]) == (403, "consent.revoker")
    assert (await taken_back(mesh[HEALTH], consent, word="survivor")).status_code == 202


async def test_caregiver_who_works_at_an_agency_neither_receives_nor_opens_nor_decides(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE), age_band="under_6", **by_two(mesh))
    ids = [mesh[HEALTH].ids.new() for _ in range(3)]

    async def refer(position: int, recipient: str, kept_from: str) -> Sent:
        blocked = [blocked_hash(ids[position], kept_from)]
        return await mesh[HEALTH].refer(recipient, consent, id=ids[position], age_band="under_6", blocked=blocked)

    assert refusal((await refer(0, SHELTER_HOUSE, SHELTER_HOUSE)).answer) == (403, "referral.blocked", "R-11")
    assert refusal((await refer(1, SOCIAL, "nurse-2")).answer) == (403, "referral.blocked", "R-11")
    sent = await refer(2, SOCIAL, "staff-father")
    await taken_in(mesh, sent)
    assert refusal(await mesh[SOCIAL].open(sent, "identity", actor="staff-father")) == (403, "referral.blocked", "R-11")
    assert (await mesh[SOCIAL].open(sent, "identity", actor="staff-1")).status_code == 200


# A referral of its own.


async def a_mother(mesh: Mesh, **changes: Any) -> tuple[Message, Sent]:
    """Her consent, and her referral to the shelter, which has accepted."""
    hers = await mesh[HEALTH].record_consent(a_grant(SOCIAL, onward=True), a_grant(SHELTER_HOUSE, LEGAL))
    first = await mesh[HEALTH].refer(SOCIAL, hers, **changes)
    await taken_in(mesh, first)
    return hers, first


async def linked(mesh: Mesh, consent: Message, to: Sent, *, sender: str = HEALTH, **changes: Any) -> Sent:
    """A child's referral to the shelter house, linked to its mother's."""
    given = {"age_band": "under_6", "chain_id": to.message["chain_id"], "linked_id": to.id, **changes}
    return await mesh[sender].refer(SHELTER_HOUSE, consent, **given)


async def a_child(mesh: Mesh, **changes: Any) -> Message:
    """The consent of a child of its own, given by its mother."""
    given = {"grantor": "parent", "age_band": "under_6", "caregiver": "safe", **changes}
    return await mesh[HEALTH].record_consent(a_grant(SHELTER_HOUSE, LEGAL), **given)


async def test_child_has_its_own_referral_beside_its_mothers(mesh: Mesh) -> None:
    hers, first = await a_mother(mesh)
    its = await a_child(mesh)
    sent = await linked(mesh, its, first)
    assert sent.answer.status_code == 202, sent.answer.text
    shown = sent.answer.json()["referral"]
    assert (shown["linked_id"], shown["parent_id"], shown["chain_id"]) == (first.id, None, first.id)
    await taken_in(mesh, sent)
    at_shelter = (await mesh[SHELTER_HOUSE].get(f"/v1/referrals/{sent.id}")).json()
    assert at_shelter["linked_id"] == first.id
    assert (await mesh[SHELTER_HOUSE].get(f"/v1/referrals/{first.id}")).status_code == 404
    assert (await taken_back(mesh[HEALTH], hers)).json()["notified"] == [SOCIAL]
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "accepted"


async def test_chain_shows_the_link_and_no_person(mesh: Mesh) -> None:
    hers, first = await a_mother(mesh)
    its = await a_child(mesh)
    sent = await linked(mesh, its, first)
    for reader in (mesh[HEALTH], mesh.oversight):
        chain = await reader.get(f"/v1/chains/{first.id}")
        found = {one["referral_id"]: one for one in chain.json()["referrals"]}
        assert found[sent.id]["linked_id"] == first.id
        assert found[first.id]["linked_id"] is None
        assert hers["subject"] not in chain.text
        assert its["subject"] not in chain.text
    shelter = (await mesh[SHELTER_HOUSE].get(f"/v1/chains/{first.id}")).json()
    assert [one["referral_id"] for one in shelter["referrals"]] == [sent.id]


async def test_mothers_consent_does_not_carry_her_child(mesh: Mesh) -> None:
    hers, first = await a_mother(mesh)
    sent = await linked(mesh, hers, first, subject=mesh[HEALTH].ids.new())
    assert "consent.subject" in [reason["code"] for reason in sent.answer.json()["reasons"]]
    assert sent.answer.status_code == 403


async def test_link_to_the_same_person_is_refused(mesh: Mesh) -> None:
    hers, first = await a_mother(mesh)
    sent = await linked(mesh, hers, first, age_band="adult")
    problem = sent.answer.json()
    assert (sent.answer.status_code, problem["code"]) == (422, "referral.linked")
    assert problem["errors"][0]["pointer"] == "/linked_id"
    assert problem["mend"]


@pytest.mark.parametrize("which", ["foreign", "unknown", "another chain"])
async def test_nobody_links_to_a_case_that_is_not_theirs_nor_writes_into_its_chain(mesh: Mesh, which: str) -> None:
    _, first = await a_mother(mesh)
    its = await mesh[POLICE].record_consent(a_grant(SHELTER_HOUSE), grantor="parent", age_band="under_6")
    changes: Message = {}
    if which == "unknown":
        changes["linked_id"] = mesh[POLICE].ids.new()
    if which == "another chain":
        own = await mesh[POLICE].refer(SHELTER_HOUSE, its, age_band="under_6")
        changes["linked_id"] = own.id
    sent = await linked(mesh, its, first, sender=POLICE, **changes)
    assert (sent.answer.status_code, sent.answer.json()["code"]) == (422, "referral.linked")
    entry = next(row for row in mesh.rows(LEDGER_ENTRIES) if row["idx"] == sent.answer.json()["ledger_index"])
    assert entry["code"] == "referral.linked"
    assert entry["chain_id"] is None


async def test_whom_the_mothers_case_is_kept_from_its_childs_is_too(mesh: Mesh) -> None:
    chain = mesh[HEALTH].ids.new()
    _, first = await a_mother(mesh, id=chain, blocked=[blocked_hash(chain, SHELTER_HOUSE)])
    sent = await linked(mesh, await a_child(mesh), first)
    assert refusal(sent.answer) == (403, "referral.blocked", "R-11")


async def test_what_is_unsafe_for_one_person_says_nothing_of_the_other(own_mesh: Mesh) -> None:
    _, first = await a_mother(own_mesh, facts={"guardian_unsafe": True})
    sent = await linked(own_mesh, await a_child(own_mesh), first, parent_id=first.id)
    assert sent.answer.status_code == 202, sent.answer.text
    flags = {row["referral_id"]: row["guardian_unsafe"] for row in own_mesh.rows(REFERRALS)}
    assert flags == {first.id: True, sent.id: False}


async def test_childs_referral_goes_on_by_itself(mesh: Mesh) -> None:
    _, first = await a_mother(mesh)
    given = {"grantor": "parent", "age_band": "under_6", "caregiver": "safe"}
    its = await mesh[HEALTH].record_consent(a_grant(SHELTER_HOUSE, onward=True), a_grant(SOCIAL), **given)
    sent = await linked(mesh, its, first)
    await taken_in(mesh, sent)
    above = {name: its[name] for name in ("subject", "valid_from", "valid_to")}
    grant, above["derived_from"] = a_grant(SOCIAL, compartments=list(PARTS)), its["id"]
    alone = await mesh[SHELTER_HOUSE].post("/v1/consents", mesh[SHELTER_HOUSE].consent_message(grant, **above))
    assert refusal(alone) == (403, "consent.who", "age.under_6.guardian")  # narrower, but by its own word
    message = await mesh[SHELTER_HOUSE].record_consent(grant, **above, **given)
    further = await mesh[SHELTER_HOUSE].refer(
        SOCIAL, message, plaintexts=PARTS, age_band="under_6", chain_id=first.id, parent_id=sent.id
    )
    assert further.answer.status_code == 202, further.answer.text
    tree = (await mesh.oversight.get(f"/v1/chains/{first.id}")).json()["referrals"]
    assert [(one["referral_id"], len(one["onward"])) for one in tree] == [(first.id, 0), (sent.id, 1)]
