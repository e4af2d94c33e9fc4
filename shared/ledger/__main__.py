"""`python -m shared.ledger`: verify an export of the ledger offline.

Ends with 0 when everything holds, 1 when something was found, 2 when a file cannot be read.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from shared.kernel.errors import InputRejected
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.evidence import ChainEvidence, ConsistencyEvidence, EntryItem
from shared.ledger.proof_file import HEADER, ProofFile
from shared.ledger.verifier import Finding, verify_chain, verify_entries, verify_proof

_HOLDS, _FOUND, _UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the files named on the command line, say what was found, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        findings, counted = _verify(options)
    except (OSError, ValueError, RecursionError, InputRejected) as fault:
        reason = fault.message if isinstance(fault, InputRejected) else "A file cannot be read, or is not JSON."
        sys.stderr.write(f"{reason}\n")
        return _UNREADABLE
    for finding in findings:
        place = "" if finding.index is None else f" entry {finding.index}:"
        sys.stdout.write(f"{finding.code}:{place} {finding.message}\n")
    sys.stdout.write(f"{counted} entries: {'FAILED' if findings else 'verified'}\n")
    if options.checkpoint is None:
        sys.stdout.write("No checkpoint was given: this shows only that the export agrees with itself.\n")
    else:
        sys.stdout.write("The signature of the checkpoint is not checked here.\n")
    return _FOUND if findings else _HOLDS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.ledger", description="Verify an export of the ledger.")
    parser.add_argument(
        "export",
        type=Path,
        help="a chain (GET /v1/chains/{id}), all entries as JSON, pages or JSON lines, or the .tlog-proof of one entry",
    )
    parser.add_argument("--leaf", type=Path, help="the exact text of the entry of a .tlog-proof")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint obtained elsewhere (needed for entries)")
    parser.add_argument(
        "--earlier", type=Path, action="append", default=[], help="an older checkpoint that was kept (entries)"
    )
    parser.add_argument("--consistency", type=Path, help="a consistency proof joining chain and checkpoint")
    return parser


def _verify(options: argparse.Namespace) -> tuple[list[Finding], int]:
    text = options.export.read_text("utf-8")
    if text.startswith(HEADER):
        return _verify_one(ProofFile.parse(text), options), 1
    documents = list(_documents(text))
    checkpoint = None if options.checkpoint is None else _checkpoint(options.checkpoint)
    if len(documents) == 1 and isinstance(documents[0], dict) and "chain_id" in documents[0]:
        chain = ChainEvidence.parse(documents[0])
        consistency = None
        if options.consistency is not None:
            consistency = ConsistencyEvidence.parse(json.loads(options.consistency.read_text("utf-8")))
        return verify_chain(chain, checkpoint=checkpoint, consistency=consistency), len(chain.entries)
    if checkpoint is None:
        raise InputRejected("ledger.checkpoint", "Entries are verified against a checkpoint: give --checkpoint.")
    items = [EntryItem.parse(item) for item in _items(documents)]
    earlier = [_checkpoint(path) for path in options.earlier]
    return verify_entries(items, checkpoint=checkpoint, earlier=earlier), len(items)


def _verify_one(file: ProofFile, options: argparse.Namespace) -> list[Finding]:
    if options.leaf is None:
        raise InputRejected("ledger.proof", "A proof is about one entry: give its exact text with --leaf.")
    findings = verify_proof(file, options.leaf.read_text("utf-8").removesuffix("\n"))
    if options.checkpoint is not None and _checkpoint(options.checkpoint) != file.checkpoint():
        findings.append(Finding("root.differs", "The proof leads to another checkpoint than the one given."))
    return findings


def _documents(text: str) -> Iterator[object]:
    """Yield the JSON documents of a file: one, or one per line."""
    try:
        yield json.loads(text)
    except ValueError:
        documents = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        return
    yield from documents


def _items(documents: Sequence[object]) -> Iterator[object]:
    """Yield entries, whether they come one by one, as a list, or as the pages of a listing."""
    for document in documents:
        if isinstance(document, list):
            yield from document
        elif isinstance(document, dict) and isinstance(document.get("items"), list):
            yield from document["items"]
        else:
            yield document


def _checkpoint(path: Path) -> Checkpoint:
    return Checkpoint.of_note(path.read_text("utf-8"))


if __name__ == "__main__":
    sys.exit(main())
