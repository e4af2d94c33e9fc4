"""The ledger as parties and oversight see it, and what is never in it."""

import json
from typing import Any

import pytest

from gateway.adapters.tables import LEDGER_ENTRIES, MESSAGES
from shared.ledger.evidence import ChainEvidence
from shared.ledger.proof_file import ProofFile
from shared.ledger.verifier import verify_chain, verify_proof
from shared.seal.checkpoints import verify_note
from tests.support.agency import Sent, a_grant
from tests.support.evidence import checkpoint
from tests.support.mesh import HEALTH, LEGAL, POLICE, SHELTER_HOUSE, SOCIAL, Mesh

PARTS = {name: {} for name in ("contact", "safety", "preferences", "dependants")}


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def chain_of_two(mesh: Mesh) -> tuple[Sent, Sent]:
    """Health refers to social, which refers on to the shelter."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, onward=True), a_grant(SHELTER_HOUSE, onward=False))
    first = await mesh[HEALTH].refer(SOCIAL, consent)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(first, "acknowledged", "accepted")
    second = await mesh[SOCIAL].refer(SHELTER_HOUSE, consent, chain_id=first.id, parent_id=first.id, plaintexts=PARTS)
    assert second.answer.status_code == 202, second.answer.text
    return first, second


async def traced(mesh: Mesh, reader: str, chain_id: str) -> dict[str, Any]:
    answer = await mesh[reader].get(f"/v1/chains/{chain_id}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def ids_of(tree: list[dict[str, Any]]) -> set[str]:
    return {node["referral_id"] for node in tree} | {inner for node in tree for inner in ids_of(node["onward"])}


@pytest.mark.parametrize(
    ("reader", "sees"), [(HEALTH, (True, False)), (SOCIAL, (True, True)), (SHELTER_HOUSE, (False, True))]
)
async def test_party_sees_its_own_part_of_the_chain(mesh: Mesh, reader: str, sees: tuple[bool, bool]) -> None:
    first, second = await chain_of_two(mesh)
    document = await traced(mesh, reader, first.id)
    assert [one.id in ids_of(document["referrals"]) for one in (first, second)] == list(sees)
    about = {json.loads(entry["leaf"]).get("referral_id") for entry in document["entries"]}
    assert [one.id in about for one in (first, second)] == list(sees)


async def test_oversight_sees_the_whole_tree(mesh: Mesh) -> None:
    first, second = await chain_of_two(mesh)
    document = (await mesh.oversight.get(f"/v1/chains/{first.id}")).json()
    assert ids_of(document["referrals"]) == {first.id, second.id}
    assert len(document["referrals"]) == 1, "the second stands below the first"


async def test_stranger_does_not_learn_that_the_chain_exists(mesh: Mesh) -> None:
    first, _ = await chain_of_two(mesh)
    known = await mesh[LEGAL].get(f"/v1/chains/{first.id}")
    unknown = await mesh[LEGAL].get(f"/v1/chains/{mesh[LEGAL].ids.new()}")
    assert (known.status_code, known.json()["code"]) == (404, "chain.unknown")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, known.json()["detail"])


async def test_chain_export_verifies_against_a_checkpoint(mesh: Mesh) -> None:
    first, _ = await chain_of_two(mesh)
    head = await checkpoint(mesh.oversight, mesh.verifier)
    for reader in (HEALTH, SHELTER_HOUSE):
        evidence = ChainEvidence.parse(await traced(mesh, reader, first.id))
        assert verify_chain(evidence, checkpoint=head) == []


async def test_one_file_proves_an_entry_to_whoever_has_its_text_and_the_key_of_the_log(mesh: Mesh) -> None:
    first, _ = await chain_of_two(mesh)
    entry = (await mesh[HEALTH].get("/v1/ledger/entries", referral_id=first.id)).json()["items"][0]
    answer = await mesh[HEALTH].get("/v1/ledger/proofs/inclusion.tlog-proof", index=entry["index"])
    file = ProofFile.parse(answer.text)
    assert verify_note(file.note, [mesh.verifier]).text == file.checkpoint().body()
    assert verify_proof(file, entry["leaf"]) == []
    assert verify_proof(file, entry["leaf"].replace(HEALTH, POLICE)) != []


async def test_altered_leaf_is_found(mesh: Mesh) -> None:
    first, _ = await chain_of_two(mesh)
    document = await traced(mesh, HEALTH, first.id)
    leaf = document["entries"][0]["leaf"]
    document["entries"][0]["leaf"] = leaf.replace(HEALTH, POLICE)
    assert verify_chain(ChainEvidence.parse(document)) != []


async def test_entry_belongs_to_whoever_acted_or_is_a_party(own_mesh: Mesh) -> None:
    first, second = await chain_of_two(own_mesh)
    for reader, seen in ((HEALTH, {first.id}), (SOCIAL, {first.id, second.id}), (LEGAL, set())):
        answer = await own_mesh[reader].get("/v1/ledger/entries", limit=200)
        leaves = [json.loads(item["leaf"]) for item in answer.json()["items"]]
        assert {leaf["referral_id"] for leaf in leaves if "referral_id" in leaf} == seen


async def test_leaf_has_the_listed_facts_and_no_others(mesh: Mesh) -> None:
    await chain_of_two(mesh)
    listed = {
        "v", "index", "at", "kind", "actor", "message_id", "message_sha256", "referral_id", "chain_id",
        "consent_id", "code", "state", "trace_id",
    }  # fmt: skip
    answer = await mesh.oversight.get("/v1/ledger/entries", limit=200)
    for item in answer.json()["items"]:
        assert json.loads(item["leaf"]).keys() <= listed


async def test_no_word_that_a_party_chose_gets_into_the_ledger_though_it_has_the_form_of_a_code(mesh: Mesh) -> None:
    name = "an_invented_name"
    first, _ = await chain_of_two(mesh)
    opening = mesh[SOCIAL].head("opening", compartments=["identity"], actor="staff-1", reason=name)
    assert (await mesh[SOCIAL].post(f"/v1/referrals/{first.id}/openings", opening)).status_code == 200
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    (item,) = [one for one in await mesh[SOCIAL].inbox() if one["message_id"] == sent.id]
    await mesh[SOCIAL].settle(item, result="rejected", code=name)
    told = [json.loads(one["body"]) for one in await mesh[HEALTH].take_in() if one["kind"] == "notice"]
    assert name in [one["data"].get("code") for one in told]
    entries = mesh.rows(LEDGER_ENTRIES)
    assert [entry["leaf"] for entry in entries if name in json.dumps(dict(entry))] == []
    assert [entry["code"] for entry in entries if entry["referral_id"] == first.id and entry["kind"] == "opening"] == [
        "other"
    ]
    (kept,) = [row for row in mesh.rows(MESSAGES) if row["message_id"] == sent.id]
    assert kept["settled_code"] == "rejected"


async def test_every_entry_belongs_to_a_trace_also_of_what_no_call_brought_about(mesh: Mesh) -> None:
    await chain_of_two(mesh)
    found = (await mesh.oversight.get("/v1/ledger/entries", limit=200)).json()["items"]
    leaves = [json.loads(item["leaf"]) for item in found]
    assert "directory" in {leaf["kind"] for leaf in leaves}
    assert [leaf for leaf in leaves if len(leaf.get("trace_id", "")) != 32] == []


@pytest.mark.parametrize(
    "query",
    [
        "inclusion.tlog-proof?index=9999",
        "inclusion?index=9999",
        "inclusion?index=0&tree_size=9999",
        "consistency?from=9999",
        "inclusion?index=-1",
    ],
)
async def test_proof_outside_the_ledger_is_refused(mesh: Mesh, query: str) -> None:
    answer = await mesh.oversight.get(f"/v1/ledger/proofs/{query.partition('?')[0]}", **_params(query))
    assert answer.status_code == 422, answer.text


def _params(query: str) -> dict[str, str]:
    pairs = (pair.split("=") for pair in query.partition("?")[2].split("&"))
    return {"from_" if name == "from" else name: value for name, value in pairs}


async def test_ledger_of_many_tiles_stays_provable(mesh: Mesh) -> None:
    """More than 256 entries, so that proofs are made from tiles; they are checked when the test ends."""
    health = mesh[HEALTH]
    await health.token()
    for _ in range(270):
        answer = await health.post("/v1/referrals", b"{}")
        assert answer.status_code == 422
    assert (await checkpoint(mesh.oversight, mesh.verifier)).size > 270
