"""The verifier: recomputes what a ledger claims, from its export alone, and names what was done to it.

It needs no network, no key and no part of the mesh that runs. What it proves:

1. each entry is what it was: the hash of its exact text is the hash it is filed under;
2. each entry stands where it says: its own `index` is the place it is filed at;
3. nothing was added, removed or moved: a whole ledger has the root of the checkpoint, an entry of a
   chain has a proof up to the root of its document;
4. a chain is complete as far as it can say: every place that its referrals cite is there;
5. history only grew: earlier checkpoints are beginnings of the later one.

What the caller must still do: get the checkpoint from somewhere else than the export, and check its
signature (`shared.seal`); a root that comes with the entries proves only that the two fit together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.kernel.errors import InputRejected
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.entry import read_leaf
from shared.ledger.evidence import ChainEvidence, ConsistencyEvidence, EntryItem
from shared.ledger.proof_file import ProofFile
from shared.ledger.tree import Frontier, leaf_hash, verify_consistency, verify_inclusion


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be; `index` is the entry it was found at."""

    code: str
    message: str
    index: int | None = None


def verify_entries(
    items: Iterable[EntryItem], *, checkpoint: Checkpoint, earlier: Sequence[Checkpoint] = ()
) -> list[Finding]:
    """Check a whole ledger, entry 0 first, against a checkpoint and any older ones that were kept."""
    findings: list[Finding] = []
    frontier = Frontier()
    roots = {known.size: b"" for known in (checkpoint, *earlier)}
    _note_root(roots, frontier)
    for item in items:
        findings += _check_order(item.index, expected=frontier.size)
        findings += _check_entry(item)
        frontier.append(leaf_hash(item.leaf.encode("utf-8", "surrogatepass")))
        _note_root(roots, frontier)
    findings += _check_size(frontier.size, checkpoint)
    findings += _check_roots(roots, [checkpoint, *earlier], size=frontier.size)
    return findings


def verify_proof(file: ProofFile, leaf: str) -> list[Finding]:
    """Check that an entry with this exact text stands where its file says, under the root that its file names."""
    digest = leaf_hash(leaf.encode("utf-8", "surrogatepass"))
    findings = list(_check_entry(EntryItem(file.index, leaf, digest)))
    if not file.proves(digest):
        findings.append(Finding("proof.broken", "The entry is not proved to be in the ledger.", file.index))
    return findings


def verify_chain(
    chain: ChainEvidence, *, checkpoint: Checkpoint | None = None, consistency: ConsistencyEvidence | None = None
) -> list[Finding]:
    """Check the export of one chain, and its root against a checkpoint where there is one.

    `consistency` joins the two when they are of different sizes.
    """
    findings: list[Finding] = []
    last = -1
    for item in chain.entries:
        if item.index <= last:
            findings.append(Finding("entry.reordered", "Stands before an entry that is older.", item.index))
        last = item.index
        findings += _check_entry(item, chain_id=chain.chain_id)
        findings += _check_proof(item, chain)
    missing = chain.cited.difference(item.index for item in chain.entries)
    findings += [
        Finding("entry.removed", "A referral cites it, but it is not there.", index) for index in sorted(missing)
    ]
    if checkpoint is not None:
        findings += _check_against(chain, checkpoint, consistency)
    return findings


def _check_order(index: int, *, expected: int) -> Iterator[Finding]:
    if index > expected:
        yield Finding("entry.removed", "Entries before it are missing.", index)
    elif index < expected:
        yield Finding("entry.reordered", "Stands after an entry that is younger, or twice.", index)


def _check_entry(item: EntryItem, *, chain_id: str | None = None) -> Iterator[Finding]:
    if leaf_hash(item.leaf.encode("utf-8", "surrogatepass")) != item.leaf_hash:
        yield Finding("entry.altered", "Its text does not have the hash it is filed under.", item.index)
    try:
        entry = read_leaf(item.leaf)
    except InputRejected:
        yield Finding("entry.malformed", "Its text is not that of a ledger entry.", item.index)
        return
    if entry.index != item.index:
        yield Finding("entry.moved", "Says itself that it belongs elsewhere.", item.index)
    if chain_id is not None and entry.chain_id not in (None, chain_id):
        yield Finding("entry.foreign", "Belongs to another chain.", item.index)


def _check_proof(item: EntryItem, chain: ChainEvidence) -> Iterator[Finding]:
    proof = chain.proofs.get(item.index)
    if proof is None:
        yield Finding("proof.missing", "Has no proof that it is in the ledger.", item.index)
    elif not verify_inclusion(item.leaf_hash, index=item.index, size=chain.size, proof=proof, root=chain.root):
        yield Finding("proof.broken", "Its proof does not lead to the root.", item.index)


def _check_against(
    chain: ChainEvidence, checkpoint: Checkpoint, consistency: ConsistencyEvidence | None
) -> Iterator[Finding]:
    if chain.size == checkpoint.size:
        if chain.root != checkpoint.root:
            yield Finding("root.differs", "The export comes from another ledger than the checkpoint.")
        return
    heads = sorted([(chain.size, chain.root), (checkpoint.size, checkpoint.root)])
    (first, first_root), (second, second_root) = heads
    if consistency is None:
        yield Finding("size.differs", f"Export and checkpoint differ in size; get the proof from {first} to {second}.")
    elif (consistency.first, consistency.second) != (first, second) or not verify_consistency(
        first=first, second=second, first_root=first_root, second_root=second_root, proof=consistency.proof
    ):
        yield Finding("root.differs", "The proof does not join the export to the checkpoint.")


def _note_root(roots: dict[int, bytes], frontier: Frontier) -> None:
    if frontier.size in roots:
        roots[frontier.size] = frontier.root()


def _check_size(size: int, checkpoint: Checkpoint) -> Iterator[Finding]:
    if size < checkpoint.size:
        yield Finding("ledger.truncated", f"The checkpoint counts {checkpoint.size} entries, the export {size}.")


def _check_roots(roots: dict[int, bytes], checkpoints: Sequence[Checkpoint], *, size: int) -> Iterator[Finding]:
    for known in checkpoints:
        if known.size <= size and roots[known.size] != known.root:
            yield Finding("root.differs", f"The first {known.size} entries are not those of the checkpoint.")
