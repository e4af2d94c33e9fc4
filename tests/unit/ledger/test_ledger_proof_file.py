"""One entry proved by one file: what it shows, and what it does not let pass."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.kernel.errors import InputRejected
from shared.ledger.__main__ import main
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.proof_file import ProofFile
from shared.ledger.verifier import verify_proof
from tests.support.ledger import MemoryLedger, an_item, inclusion_proof

SIZE, INDEX = 12, 7
ITEMS = [an_item(index, chain_id="chain-1") for index in range(SIZE)]
LEDGER = MemoryLedger([item.leaf.encode() for item in ITEMS])
HEAD = Checkpoint("mesh.example/ledger", SIZE, LEDGER.frontier.root())
NOTE = f"{HEAD.body()}\n\u2014 mesh.example/ledger c2lnbmF0dXJl\n"
FILE = ProofFile(INDEX, tuple(inclusion_proof(INDEX, SIZE, LEDGER)), NOTE)
LEAF = ITEMS[INDEX].leaf


def codes(file: ProofFile, leaf: str = LEAF) -> set[str]:
    return {finding.code for finding in verify_proof(file, leaf)}


def test_file_is_read_as_it_was_written_and_proves_its_entry() -> None:
    text = FILE.text()
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 7\n")
    assert text.endswith(f"\n\n{NOTE}")
    assert ProofFile.parse(text) == FILE
    assert ProofFile.parse(text.replace("\nindex", "\nextra bWVzaA==\nindex", 1)) == FILE
    assert (FILE.checkpoint(), codes(FILE)) == (HEAD, set())


def test_ledger_of_one_entry_needs_no_path() -> None:
    ledger = MemoryLedger([ITEMS[0].leaf.encode()])
    note = f"{Checkpoint('mesh', 1, ledger.frontier.root()).body()}\n\u2014 mesh c2ln\n"
    assert codes(ProofFile.parse(ProofFile(0, (), note).text()), ITEMS[0].leaf) == set()


def test_another_text_place_path_or_root_proves_nothing() -> None:
    assert codes(FILE, LEAF.replace("health", "police")) == {"proof.broken"}
    assert codes(FILE, ITEMS[6].leaf) == {"entry.moved", "proof.broken"}
    assert codes(replace(FILE, index=6)) == {"entry.moved", "proof.broken"}
    assert codes(replace(FILE, proof=FILE.proof[:-1])) == {"proof.broken"}
    other = Checkpoint(HEAD.origin, SIZE, MemoryLedger([b"another"]).frontier.root())
    assert codes(replace(FILE, note=NOTE.replace(HEAD.body(), other.body()))) == {"proof.broken"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        FILE.text().replace("@v1", "@v2"),
        FILE.text().replace("index 7", "index 07"),
        FILE.text().replace("index 7", "index -1"),
        FILE.text().replace("index 7\n", "index 7\nnot a hash\n"),
        FILE.text().replace("\n\n", "\n", 1),
    ],
)
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(InputRejected, match=r"ledger\.proof"):
        ProofFile.parse(text)


def test_command_verifies_a_file_with_the_text_of_its_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, leaf, head = (tmp_path / name for name in ("entry.tlog-proof", "entry.json", "checkpoint.txt"))
    proof.write_text(FILE.text())
    leaf.write_text(f"{LEAF}\n")
    head.write_text(NOTE)
    assert main([str(proof), "--leaf", str(leaf), "--checkpoint", str(head)]) == 0
    assert "1 entries: verified" in capsys.readouterr().out
    head.write_text(NOTE.replace("mesh.example", "mesh.test"))
    assert main([str(proof), "--leaf", str(leaf), "--checkpoint", str(head)]) == 1
    assert "root.differs" in capsys.readouterr().out
    assert main([str(proof)]) == 2
    assert "--leaf" in capsys.readouterr().err
