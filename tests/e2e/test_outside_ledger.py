"""Wire contract, sections 6 and 8: what an auditor verifies with nothing but the pages it can fetch."""

import base64
import json
from typing import Any

import httpx
import pytest
import rfc8785

from tests.e2e.conftest import World
from tests.e2e.outside import ledger, messages
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import some
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LEAF = {
    "v",
    "index",
    "at",
    "kind",
    "actor",
    "message_id",
    "message_sha256",
    "referral_id",
    "chain_id",
    "consent_id",
    "code",
    "state",
    "trace_id",
}


def checkpoint(world: World) -> ledger.Checkpoint:
    answer = httpx.get(f"{world.url}/ledger/checkpoint")
    assert answer.status_code == 200
    return ledger.read_checkpoint(answer.text, world.running.vkey)


def entries(world: World, **params: Any) -> list[Json]:
    found: list[Json] = []
    while True:
        page = world.oversight.get("/v1/ledger/entries", **params).json()
        found += page["items"]
        if page["next"] is None:
            return found
        params["after"] = page["next"]


def included(world: World, index: int, size: int) -> bytes:
    """The root that the inclusion proof of an entry leads to."""
    proof = world.health.get("/v1/ledger/proofs/inclusion", index=index, tree_size=size).json()
    assert proof.keys() >= {"index", "tree_size", "leaf_hash", "root_hash", "proof"}
    assert (proof["index"], proof["tree_size"]) == (index, size)
    root = ledger.root_from_inclusion(
        bytes.fromhex(proof["leaf_hash"]), index, size, [bytes.fromhex(each) for each in proof["proof"]]
    )
    assert root.hex() == proof["root_hash"]
    return root


def test_receipt_leads_to_its_entry_and_into_the_signed_tree(world: World) -> None:
    message = messages.consent("out-health", messages.new_subject(), [])
    receipt = world.health.send("/v1/consents", message).json()["receipt"]
    tree = checkpoint(world)
    assert tree.size > receipt["ledger_index"]
    proof = world.health.get("/v1/ledger/proofs/inclusion", index=receipt["ledger_index"], tree_size=tree.size).json()
    assert proof["leaf_hash"] == receipt["leaf_hash"]
    assert included(world, receipt["ledger_index"], tree.size) == tree.root


def test_checkpoint_has_the_name_of_its_key(world: World) -> None:
    assert checkpoint(world).origin == world.running.vkey.split("+")[0]


def test_leaves_are_canonical_and_hold_no_more_than_facts(world: World) -> None:
    referral, _ = world.accepted()
    found = entries(world, referral_id=referral["referral_id"])
    assert len(found) >= 4
    for entry in found:
        assert entry.keys() >= {"index", "leaf", "leaf_hash"}
        leaf = json.loads(entry["leaf"])
        assert rfc8785.dumps(leaf).decode() == entry["leaf"]
        assert ledger.leaf_hash(entry["leaf"].encode()).hex() == entry["leaf_hash"]
        assert leaf["v"] == 1
        assert leaf["index"] == entry["index"]
        assert set(leaf) <= LEAF, leaf
        assert None not in leaf.values()
        assert leaf["referral_id"] == referral["referral_id"]
    assert entries(world, chain_id=referral["chain_id"])[: len(found)] == found


def test_ledger_is_whole_and_tiles_say_the_same(world: World) -> None:
    tree = checkpoint(world)
    hashes = [bytes.fromhex(entry["leaf_hash"]) for entry in entries(world, limit=200)[: tree.size]]
    assert ledger.tree_root(hashes) == tree.root
    tiled: list[bytes] = []
    for path, width in ledger.bottom_tiles(tree.size, "0"):
        tile = httpx.get(f"{world.url}/ledger/tile/{path}").content
        assert len(tile) == 32 * width
        tiled += [tile[at : at + 32] for at in range(0, len(tile), 32)]
    assert tiled == hashes
    bundled: list[bytes] = []
    for path, width in ledger.bottom_tiles(tree.size, "entries"):
        found = ledger.bundle(world.oversight.get(f"/ledger/tile/{path}").content)
        assert len(found) == width
        bundled += found
    assert [ledger.leaf_hash(leaf) for leaf in bundled] == hashes


def test_upper_tiles_hold_the_roots_of_the_lower(world: World) -> None:
    consent = world.wide_consent()
    while checkpoint(world).size < ledger.TILE_WIDTH + 1:
        world.sheltered(consent)
    first = httpx.get(f"{world.url}/ledger/tile/0/000").content
    root = ledger.tree_root([first[at : at + 32] for at in range(0, len(first), 32)])
    upper = checkpoint(world).size // ledger.TILE_WIDTH
    assert httpx.get(f"{world.url}/ledger/tile/1/000.p/{upper}").content[:32] == root
    world.social.drain()


@pytest.mark.parametrize(
    "path", ["0/999", "0/x999/999", "9/000", "entries/999", "0/000.p/0", "0/000.p/256", "a/b", "0/0"]
)
def test_tile_that_is_not_there_is_not_found(world: World, path: str) -> None:
    answer = world.oversight.get(f"/ledger/tile/{path}")
    assert answer.status_code in {400, 404, 422}, answer.status_code


def test_growing_ledger_is_consistent(world: World) -> None:
    before = checkpoint(world)
    world.wide_consent()
    after = checkpoint(world)
    assert after.size > before.size
    proof = world.health.get("/v1/ledger/proofs/consistency", **{"from": before.size, "to": after.size}).json()
    assert (proof["from"], proof["to"]) == (before.size, after.size)
    nodes = [bytes.fromhex(each) for each in proof["proof"]]
    assert ledger.consistent(before.size, before.root, after.size, after.root, nodes)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("inclusion", {"index": 5, "tree_size": 5}),
        ("inclusion", {"index": 0, "tree_size": 10**9}),
        ("inclusion", {"index": -1, "tree_size": 5}),
        ("inclusion", {"index": "x", "tree_size": 5}),
        ("consistency", {"from": 5, "to": 3}),
        ("consistency", {"from": 1, "to": 10**9}),
        ("consistency", {}),
    ],
    ids=str,
)
def test_proof_of_what_is_not_there_is_refused(world: World, path: str, params: Json) -> None:
    answer = world.health.get(f"/v1/ledger/proofs/{path}", **params)
    assert answer.status_code in {404, 422}, answer.text
    problem(answer, answer.status_code)


def test_checkpoint_of_another_key_is_not_believed(world: World) -> None:
    note = httpx.get(f"{world.url}/ledger/checkpoint").text
    name, key_hash, encoded = world.running.vkey.split("+", 2)
    raw = bytearray(base64.b64decode(encoded))
    raw[5] ^= 1
    with pytest.raises(ValueError, match="verifier key"):
        ledger.read_checkpoint(note, f"{name}+{key_hash}+{base64.b64encode(raw).decode()}")


class TestChain:
    """A case that went from one agency to the next."""

    def two(self, world: World) -> tuple[Json, Json]:
        wide = world.wide_consent()
        parent, _ = world.accepted(wide)
        names = ["identity", "contact", "incident", "legal", "preferences"]
        derived = world.derived(wide, messages.grant(["out-legal"], ["LEG-02"], names))
        answer = world.social.refer(
            "out-legal",
            some(*names),
            basis={"kind": "consent", "consent_id": derived["id"]},
            subject=wide["subject"],
            service_type="LEG-02",
            urgency="prompt",
            chain_id=parent["chain_id"],
            parent_id=parent["referral_id"],
        )
        assert answer.status_code == 202, answer.text
        return parent, answer.json()["referral"]

    def verified(self, found: Json) -> None:
        assert found.keys() >= {"chain_id", "referrals", "entries", "tree_size", "root_hash", "proofs"}
        for entry in found["entries"]:
            leaf = ledger.leaf_hash(entry["leaf"].encode())
            assert leaf.hex() == entry["leaf_hash"]
            proof = [bytes.fromhex(each) for each in found["proofs"][str(entry["index"])]]
            root = ledger.root_from_inclusion(leaf, entry["index"], found["tree_size"], proof)
            assert root.hex() == found["root_hash"]

    def identifiers(self, tree: Any) -> set[str]:
        """Every referral id anywhere in a tree."""
        if isinstance(tree, list):
            return set().union(*map(self.identifiers, tree)) if tree else set()
        if isinstance(tree, dict):
            own = {tree["referral_id"]} if "referral_id" in tree else set()
            return own.union(*map(self.identifiers, tree.values()))
        return set()

    def test_oversight_sees_all_of_it(self, world: World) -> None:
        parent, onward = self.two(world)
        found = world.oversight.get(f"/v1/chains/{parent['chain_id']}")
        assert found.status_code == 200, found.text
        self.verified(found.json())
        assert self.identifiers(found.json()["referrals"]) == {parent["referral_id"], onward["referral_id"]}
        assert len(found.json()["referrals"]) == 1

    def test_party_sees_its_own_part(self, world: World) -> None:
        parent, onward = self.two(world)
        seen = {}
        for name in ("health", "social", "legal"):
            found = world.agencies[f"out-{name}"].get(f"/v1/chains/{parent['chain_id']}")
            assert found.status_code == 200, found.text
            self.verified(found.json())
            seen[name] = self.identifiers(found.json()["referrals"])
        assert seen["social"] == {parent["referral_id"], onward["referral_id"]}
        assert seen["legal"] == {onward["referral_id"]}
        assert parent["referral_id"] in seen["health"]

    def test_stranger_sees_nothing(self, world: World) -> None:
        parent, _ = self.two(world)
        problem(world.police.get(f"/v1/chains/{parent['chain_id']}"), 404)
        problem(world.oversight.get(f"/v1/chains/{messages.new_id()}"), 404)


def test_trace_of_the_caller_is_in_the_ledger(world: World) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    message = messages.consent("out-health", messages.new_subject(), [])
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    receipt = world.health.send("/v1/consents", message, headers=headers).json()["receipt"]
    found = [entry for entry in entries(world, limit=200) if entry["index"] == receipt["ledger_index"]]
    assert json.loads(found[0]["leaf"])["trace_id"] == trace
    answer = world.health.http.get(
        f"/v1/consents/{messages.new_id()}", headers={**world.health.bearer, "traceparent": headers["traceparent"]}
    )
    assert problem(answer, 404)["trace_id"] == trace
