"""The hash tree of RFC 6962 section 2: hashes, the growing edge, proofs.

Owns: how leaves and nodes are hashed (0x00 and 0x01 before the data, so that neither passes for the
other), `Frontier`, which appends without reading the tree, and the proofs that an entry is in a tree
and that a tree only grew. How nodes are read is the business of `shared.ledger.nodes`; checking
proofs that of `shared.ledger.proofs`.
Refuses: positions outside the tree (`InputRejected`, `ledger.range`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from shared.kernel.errors import FatalLedgerError, InputRejected
from shared.ledger.nodes import NodeSource, TreeReader, is_kept, node_hash
from shared.ledger.proofs import verify_consistency, verify_inclusion

__all__ = [
    "EMPTY_ROOT",
    "CompletedNode",
    "Frontier",
    "consistency_proof",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]

#: The root of the tree without leaves.
EMPTY_ROOT = hashlib.sha256(b"").digest()

#: Digits of a hash in hex.
_LENGTHS = frozenset({64})


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


@dataclass(frozen=True, slots=True)
class CompletedNode:
    """The root of a perfect subtree that has just become full, of a height whose nodes are kept (`is_kept`).

    It is what a `NodeSource` gives back of its groups or tiles, by its number from the left.
    """

    height: int
    number: int
    hash: bytes


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, the largest first.

    Appending costs two hashes on average and reads nothing, however large the tree is.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self) -> None:
        self._hashes: list[str] = []  # as they are stored: an append touches only the last of them
        self._size = 0

    @classmethod
    def from_list(cls, hashes: Sequence[str], *, size: int) -> Self:
        """Restore a frontier from `to_list` and `size`.

        Raises `FatalLedgerError` (`ledger.frontier`) when the two do not belong together: then the stored
        head is damaged, and nothing may be appended.
        """
        frontier = cls()
        frontier._size = size
        frontier._hashes = list(hashes)
        if size < 0 or len(hashes) != size.bit_count() or not _are_hashes(hashes):
            raise _damaged()
        return frontier

    def to_list(self) -> list[str]:
        """Return the hashes as lower-case hex, to be stored beside `size`."""
        return list(self._hashes)

    @property
    def size(self) -> int:
        """Return how many leaves the tree has."""
        return self._size

    def append(self, leaf: bytes) -> list[CompletedNode]:
        """Add a leaf by its hash, and return the nodes that are to be kept with it: its group and tiles, if now full.

        The list is empty for all but every sixteenth leaf.
        """
        completed = []
        node, height = leaf, 0
        while self._size >> height & 1:
            node = node_hash(bytes.fromhex(self._hashes.pop()), node)
            height += 1
            if is_kept(height):
                completed.append(CompletedNode(height, self._size >> height, node))
        self._hashes.append(node.hex())
        self._size += 1
        return completed

    def nodes(self) -> dict[tuple[int, int], bytes]:
        """Return the roots of the perfect subtrees by height and number from the left, as `TreeReader` takes them."""
        found, start = {}, 0
        for text in self._hashes:
            height = (self._size - start).bit_length() - 1
            found[height, start >> height] = bytes.fromhex(text)
            start += 1 << height
        return found

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._hashes:
            return EMPTY_ROOT
        *larger, root = map(bytes.fromhex, self._hashes)
        for node in reversed(larger):
            root = node_hash(node, root)
        return root


def inclusion_path(index: int, reader: TreeReader) -> list[bytes]:
    """Return the audit path of leaf `index` in the reader's tree (RFC 6962 section 2.1.1).

    It reads a few tiles, never the tree; paths that are asked of one reader share them. Raises `InputRejected`
    (`ledger.range`).
    """
    start, end = 0, reader.size
    if not start <= index < end:
        raise InputRejected("ledger.range", "There is no such entry in a ledger of this size.")
    path = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(reader.root(middle, end))
            end = middle
        else:
            path.append(reader.root(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(first: int, second: int, source: NodeSource) -> list[bytes]:
    """Return the proof that the tree of `second` leaves continues that of `first` (RFC 6962 section 2.1.2).

    It is empty when `first` is 0 or equals `second`. Raises `InputRejected` (`ledger.range`).
    """
    if not 0 <= first <= second:
        raise InputRejected("ledger.range", "A ledger can only be compared with an earlier size of itself.")
    if first in (0, second):
        return []
    reader = TreeReader(source, second)
    path, start, end = [], 0, second
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(reader.root(middle, end))
            end = middle
        else:
            path.append(reader.root(start, middle))
            start = middle
    if start > 0:  # a perfect subtree of both trees, which whoever checks cannot know otherwise
        path.append(reader.root(start, end))
    return path[::-1]


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _are_hashes(texts: Sequence[str]) -> bool:
    """Say whether these are hashes in lower-case hex: as many digits each, and written again as they were read."""
    try:
        together = "".join(texts)
        return set(map(len, texts)) <= _LENGTHS and bytes.fromhex(together).hex() == together
    except ValueError:
        return False


def _damaged() -> FatalLedgerError:
    return FatalLedgerError("ledger.frontier", "The stored head of the ledger is damaged.")
