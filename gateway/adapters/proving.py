"""Entries of the ledger with their proofs, checked by the verifier that any auditor runs (`shared.ledger.verifier`).

The hashes come from the database, the verdict from the verifier: it is handed the exact text of an entry, the path to
the root, and the signed head, and believes none of them. What the verifier cannot see from one chain is said beside
it: an entry that is filed under other facts than its text says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from gateway.adapters.ledger import StoredNodes, read_head
from shared.kernel.errors import FatalLedgerError, InputRejected
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.entry import Entry, read_leaf
from shared.ledger.evidence import ChainEvidence, EntryItem
from shared.ledger.nodes import TreeReader
from shared.ledger.proofs import verify_consistency
from shared.ledger.tree import EMPTY_ROOT, consistency_proof, inclusion_path
from shared.ledger.verifier import Finding, verify_chain
from shared.seal.checkpoints import CheckpointSigner, verify_note

_NO_HASH: Final = bytes(32)
_FILED: Final = ("kind", "at", "actor", "code", "state", "referral_id", "chain_id", "consent_id")


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The head of the ledger as it is published; its signature has been checked against the ledger's own key."""

    note: str
    origin: str
    size: int
    root: str
    key: str


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """One entry: its exact text, what it says, the path to the root, and what was found wrong with it."""

    index: int
    leaf: str
    leaf_hash: str
    entry: Entry | None
    proof: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def is_proved(self) -> bool:
        """Say whether nothing was found wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Growth:
    """Two sizes of the ledger, their roots, the proof between them, and whether it holds."""

    first: int
    second: int
    first_root: str
    second_root: str
    proof: tuple[str, ...]
    holds: bool


class Prover:
    """Proves and checks within one snapshot of the database."""

    def __init__(self, connection: Connection, signer: CheckpointSigner) -> None:
        self._nodes = StoredNodes(connection)
        frontier = read_head(connection)
        name = signer.verifier.name
        note = signer.sign(Checkpoint(name, frontier.size, frontier.root()).body())
        checked = verify_note(note, [signer.verifier])
        self._checkpoint = Checkpoint.parse(checked.text)
        self.head = SignedHead(
            note=note,
            origin=name,
            size=self._checkpoint.size,
            root=self._checkpoint.root.hex(),
            key=signer.verifier.vkey(),
        )
        # The right end of the tree is read too, and not taken from the head: what is stored is what is checked.
        self._tree = TreeReader(self._nodes, self.head.size)

    def proved(self, rows: Iterable[dict[str, Any]], *, chain_id: str | None = None) -> list[ProvedEntry]:
        """Return entries with their verdicts; with `chain_id`, they must all be of that chain."""
        return [self._one(row, chain_id) for row in rows]

    def grown(self, first: int, second: int) -> Growth:
        """Prove that the ledger of `second` entries continues that of `first`. Raises `InputRejected`."""
        if second > self.head.size:
            raise InputRejected("ledger.range", "A ledger can only be compared with an earlier size of itself.")
        proof = consistency_proof(first, second, self._nodes)
        roots = [self.root(first), self.root(second)]
        holds = verify_consistency(
            first=first, second=second, first_root=roots[0], second_root=roots[1], proof=proof
        ) and (second != self.head.size or roots[1] == self._checkpoint.root)
        return Growth(first, second, roots[0].hex(), roots[1].hex(), tuple(node.hex() for node in proof), holds)

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` entries, as the stored hashes give it."""
        return TreeReader(self._nodes, size).root(0, size) if size else EMPTY_ROOT

    def _one(self, row: dict[str, Any], chain_id: str | None) -> ProvedEntry:
        index, leaf = int(row["idx"]), str(row["leaf"])
        entry, proof = _read(leaf), self._path(index)
        item = EntryItem(index, leaf, _hash(row["leaf_hash"]))
        proofs = {} if proof is None else {index: proof}
        whose = chain_id or (entry.chain_id if entry else None) or ""
        evidence = ChainEvidence(whose, (item,), frozenset(), self.head.size, self._checkpoint.root, proofs)
        found = verify_chain(evidence, checkpoint=self._checkpoint)
        return ProvedEntry(
            index=index,
            leaf=leaf,
            leaf_hash=str(row["leaf_hash"]),
            entry=entry,
            proof=tuple(node.hex() for node in proof or ()),
            findings=(*_codes(found), *_filed_otherwise(row, entry)),
        )

    def _path(self, index: int) -> tuple[bytes, ...] | None:
        """Return the path of an entry; None where hashes that it needs are gone or are none."""
        try:
            return tuple(inclusion_path(index, self._tree))
        except (FatalLedgerError, InputRejected, ValueError):
            return None


def _codes(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return what was found, each kind once."""
    return tuple(dict.fromkeys(finding.code for finding in findings))


def _read(leaf: str) -> Entry | None:
    try:
        return read_leaf(leaf)
    except InputRejected:
        return None


def _hash(text: str) -> bytes:
    """Return a stored hash; what is none becomes one that no text has."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return _NO_HASH


def _filed_otherwise(row: dict[str, Any], entry: Entry | None) -> tuple[str, ...]:
    """Say whether the columns by which an entry is found tell something else than its text."""
    differs = entry is not None and any(getattr(entry, name) != row[name] for name in _FILED)
    return ("entry.filed-otherwise",) if differs else ()
