"""The verifier, against everything that whoever holds the database could do to a ledger."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.errors import InputRejected
from shared.ledger.__main__ import main
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.entry import leaf_text
from shared.ledger.evidence import ChainEvidence, ConsistencyEvidence, EntryItem
from shared.ledger.tree import consistency_proof, leaf_hash
from shared.ledger.verifier import verify_chain, verify_entries
from tests.support.checkout import ROOT
from tests.support.ledger import MemoryLedger, an_entry, an_item, inclusion_proof

SIZE = 12
OTHER = "chain-2"
#: Entries 0, 3, 6 and 9 belong to another chain.
ITEMS = [an_item(index, chain_id=OTHER if index % 3 == 0 else "chain-1") for index in range(SIZE)]
LEDGER = MemoryLedger([item.leaf.encode() for item in ITEMS])
HEAD = Checkpoint("mesh.example/ledger", SIZE, LEDGER.frontier.root())
OLDER = Checkpoint("mesh.example/ledger", 5, MemoryLedger([item.leaf.encode() for item in ITEMS[:5]]).frontier.root())


def as_json(item: EntryItem) -> dict[str, Any]:
    return {"index": item.index, "leaf": item.leaf, "leaf_hash": item.leaf_hash.hex()}


def a_chain() -> dict[str, Any]:
    """The export of a chain, as the gateway gives it."""
    mine = [item for item in ITEMS if item.index % 3]
    history = [{"type": "accepted", "at": "2026-11-21T08:15:30.123Z", "by": "social-th", "ledger_index": 4}]
    return {
        "chain_id": "chain-1",
        "referrals": [{"referral_id": "r", "history": history, "children": [{"history": [{"ledger_index": 10}]}]}],
        "entries": [as_json(item) for item in mine],
        "tree_size": SIZE,
        "root_hash": LEDGER.frontier.root().hex(),
        "proofs": {
            str(item.index): [node.hex() for node in inclusion_proof(item.index, SIZE, LEDGER)] for item in mine
        },
    }


def codes_of_entries(items: list[EntryItem], *, earlier: tuple[Checkpoint, ...] = (OLDER,)) -> set[str]:
    return {finding.code for finding in verify_entries(items, checkpoint=HEAD, earlier=earlier)}


def codes_of_chain(document: dict[str, Any]) -> set[str]:
    return {finding.code for finding in verify_chain(ChainEvidence.parse(document), checkpoint=HEAD)}


def altered(item: EntryItem) -> EntryItem:
    """The entry says another thing, and its hash was made to fit."""
    text = leaf_text(an_entry(item.index, chain_id="chain-1", actor="police-th"))
    return EntryItem(item.index, text, leaf_hash(text.encode()))


def test_untouched_ledger_verifies() -> None:
    assert verify_entries(ITEMS, checkpoint=HEAD, earlier=[OLDER]) == []


def test_ledger_that_grew_since_the_checkpoint_verifies() -> None:
    assert verify_entries(ITEMS, checkpoint=OLDER) == []


def test_empty_ledger_verifies() -> None:
    assert verify_entries([], checkpoint=Checkpoint("mesh", 0, MemoryLedger().frontier.root())) == []


def test_entry_altered_by_dba_is_detected() -> None:
    items = [*ITEMS[:7], replace(ITEMS[7], leaf=ITEMS[7].leaf.replace("health", "police")), *ITEMS[8:]]
    assert codes_of_entries(items) == {"entry.altered", "root.differs"}


def test_entry_altered_by_dba_who_recomputes_its_hash_is_detected() -> None:
    assert codes_of_entries([*ITEMS[:7], altered(ITEMS[7]), *ITEMS[8:]]) == {"root.differs"}


def test_entry_removed_by_dba_is_detected() -> None:
    assert "entry.removed" in codes_of_entries([*ITEMS[:7], *ITEMS[8:]])


def test_entry_removed_and_the_rest_renumbered_is_detected() -> None:
    renumbered = [replace(item, index=item.index - 1) for item in ITEMS[8:]]
    assert codes_of_entries([*ITEMS[:7], *renumbered]) == {"entry.moved", "ledger.truncated"}


def test_entries_reordered_by_dba_are_detected() -> None:
    assert "entry.reordered" in codes_of_entries([*ITEMS[:5], ITEMS[6], ITEMS[5], *ITEMS[7:]])


def test_entries_swapped_with_their_numbers_are_detected() -> None:
    swapped = [replace(ITEMS[6], index=5), replace(ITEMS[5], index=6)]
    assert codes_of_entries([*ITEMS[:5], *swapped, *ITEMS[7:]]) == {"entry.moved", "root.differs"}


def test_entry_inserted_by_dba_is_detected() -> None:
    assert {"entry.reordered", "root.differs"} <= codes_of_entries([*ITEMS[:5], altered(ITEMS[4]), *ITEMS[5:]])


def test_end_cut_off_by_dba_is_detected() -> None:
    assert codes_of_entries(ITEMS[:-1]) == {"ledger.truncated"}


def test_history_rewritten_and_signed_anew_is_detected_by_an_older_checkpoint() -> None:
    items = [*ITEMS[:2], altered(ITEMS[2]), *ITEMS[3:]]
    forged = Checkpoint("mesh", SIZE, MemoryLedger([item.leaf.encode() for item in items]).frontier.root())
    assert verify_entries(items, checkpoint=forged) == []
    assert [finding.code for finding in verify_entries(items, checkpoint=forged, earlier=[OLDER])] == ["root.differs"]


def test_person_data_smuggled_into_an_entry_is_detected() -> None:
    text = ITEMS[3].leaf.replace('"v":1', '"name":"x","v":1')
    assert "entry.malformed" in codes_of_entries([*ITEMS[:3], replace(ITEMS[3], leaf=text), *ITEMS[4:]])


def test_untouched_chain_verifies() -> None:
    assert codes_of_chain(a_chain()) == set()


def test_chain_entry_altered_is_detected() -> None:
    document = a_chain()
    document["entries"][2]["leaf"] = document["entries"][2]["leaf"].replace("health", "police")
    assert codes_of_chain(document) == {"entry.altered"}


def test_chain_entry_altered_with_its_hash_is_detected() -> None:
    document = a_chain()
    document["entries"][2] = as_json(altered(ITEMS[4]))
    assert codes_of_chain(document) == {"proof.broken"}


def test_chain_entry_removed_is_detected_where_a_referral_cites_it() -> None:
    document = a_chain()
    document["entries"] = [entry for entry in document["entries"] if entry["index"] not in {4, 10}]
    findings = verify_chain(ChainEvidence.parse(document))
    assert [(finding.code, finding.index) for finding in findings] == [("entry.removed", 4), ("entry.removed", 10)]


def test_chain_entries_reordered_are_detected() -> None:
    document = a_chain()
    document["entries"].reverse()
    assert codes_of_chain(document) == {"entry.reordered"}


def test_chain_entry_shown_twice_is_detected() -> None:
    document = a_chain()
    document["entries"].insert(0, document["entries"][0])
    assert codes_of_chain(document) == {"entry.reordered"}


def test_entry_of_another_chain_is_detected() -> None:
    document = a_chain()
    document["entries"].insert(0, as_json(ITEMS[0]))
    document["proofs"]["0"] = [node.hex() for node in inclusion_proof(0, SIZE, LEDGER)]
    assert codes_of_chain(document) == {"entry.foreign"}


def test_proof_withheld_is_detected() -> None:
    document = a_chain()
    del document["proofs"]["4"]
    assert codes_of_chain(document) == {"proof.missing"}


def test_proof_of_another_entry_is_detected() -> None:
    document = a_chain()
    document["proofs"]["4"] = document["proofs"]["5"]
    assert codes_of_chain(document) == {"proof.broken"}


def test_chain_shown_from_a_second_ledger_is_detected_by_the_checkpoint() -> None:
    """A split view: one ledger for the auditor, another for everybody else, each consistent in itself."""
    chain = ChainEvidence.parse(a_chain())
    forged = replace(HEAD, root=bytes(32))
    assert verify_chain(chain) == []
    assert [finding.code for finding in verify_chain(chain, checkpoint=forged)] == ["root.differs"]


def test_chain_older_than_the_checkpoint_needs_the_proof_between_them() -> None:
    grown = MemoryLedger([*(item.leaf.encode() for item in ITEMS), b"one more"])
    later = Checkpoint("mesh", SIZE + 1, grown.frontier.root())
    chain = ChainEvidence.parse(a_chain())
    proof = ConsistencyEvidence(SIZE, SIZE + 1, tuple(consistency_proof(SIZE, SIZE + 1, grown)))
    assert [finding.code for finding in verify_chain(chain, checkpoint=later)] == ["size.differs"]
    assert verify_chain(chain, checkpoint=later, consistency=proof) == []
    for broken in (replace(proof, first=SIZE - 1), replace(proof, proof=(bytes(32), *proof.proof[1:]))):
        findings = verify_chain(chain, checkpoint=later, consistency=broken)
        assert [finding.code for finding in findings] == ["root.differs"]


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.pop(name)


@pytest.mark.parametrize(
    "spoil",
    [
        *(without(name) for name in ("chain_id", "entries", "tree_size", "root_hash", "proofs")),
        lambda document: document.update(tree_size=-1),
        lambda document: document.update(tree_size=True),
        lambda document: document.update(root_hash="AB" * 32),
        lambda document: document.update(proofs={"x": []}),
        lambda document: document.update(proofs={"4": "no list"}),
        lambda document: document.update(proofs={"9" * 5000: []}),
        lambda document: document.update(entries=[1]),
        lambda document: document.update(referrals={"ledger_index": "4"}),
    ],
)
def test_document_that_is_no_chain_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    document = a_chain()
    spoil(document)
    with pytest.raises(InputRejected) as refusal:
        ChainEvidence.parse(document)
    assert refusal.value.code == "ledger.evidence"


class Files:
    """Files for the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content, "utf-8")
        return str(path)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_command_verifies_a_chain(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    export = files.write("chain.json", json.dumps(a_chain()))
    assert main([export]) == 0
    assert "No checkpoint was given" in capsys.readouterr().out
    note = files.write("checkpoint", HEAD.body() + "\n— mesh.example/ledger AAAA\n")
    assert main([export, "--checkpoint", note]) == 0
    assert capsys.readouterr().out.startswith("8 entries: verified\n")


def test_command_joins_a_chain_to_a_later_checkpoint(files: Files) -> None:
    grown = MemoryLedger([*(item.leaf.encode() for item in ITEMS), b"one more"])
    later = files.write("checkpoint", Checkpoint("mesh", SIZE + 1, grown.frontier.root()).body())
    proof = [node.hex() for node in consistency_proof(SIZE, SIZE + 1, grown)]
    joined = files.write("consistency.json", json.dumps({"from": SIZE, "to": SIZE + 1, "proof": proof}))
    export = files.write("chain.json", json.dumps(a_chain()))
    assert main([export, "--checkpoint", later]) == 1
    assert main([export, "--checkpoint", later, "--consistency", joined]) == 0


@pytest.mark.parametrize("shape", ["list", "lines", "pages"])
def test_command_verifies_entries_however_they_were_saved(files: Files, shape: str) -> None:
    items = [as_json(item) for item in ITEMS]
    pages = [{"items": items[:5], "next": "x"}, {"items": items[5:], "next": None}]
    text = {
        "list": json.dumps(items),
        "lines": "\n".join(json.dumps(item) for item in items),
        "pages": "\n".join(json.dumps(page) for page in pages),
    }[shape]
    note, older = files.write("checkpoint", HEAD.body()), files.write("older", OLDER.body())
    assert main([files.write("export", text), "--checkpoint", note, "--earlier", older]) == 0


def test_command_names_the_entry_that_was_removed(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    items = [as_json(item) for item in ITEMS if item.index != 7]
    arguments = [files.write("export", json.dumps(items)), "--checkpoint", files.write("checkpoint", HEAD.body())]
    assert main(arguments) == 1
    out = capsys.readouterr().out
    assert "entry.removed: entry 8: Entries before it are missing." in out
    assert "FAILED" in out


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[1]", "{}", '{"chain_id": 1}', "[" * 100_000, "\ufeff[]", '{"index": 1e999}']
)
def test_command_says_what_it_cannot_read(files: Files, capsys: pytest.CaptureFixture[str], text: str) -> None:
    arguments = [files.write("export", text), "--checkpoint", files.write("checkpoint", OLDER.body())]
    status = main(arguments)
    assert status == (1 if text == "" else 2)
    assert bool(capsys.readouterr().err) == (status == 2)


def test_command_needs_files_that_exist_and_a_checkpoint_for_entries(files: Files) -> None:
    assert main([str(files.folder / "nothing")]) == 2
    assert main([files.write("export", "[]")]) == 2


def test_command_runs_by_the_name_of_the_room(files: Files) -> None:
    command = [sys.executable, "-m", "shared.ledger", files.write("chain.json", json.dumps(a_chain()))]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("8 entries: verified\n")
