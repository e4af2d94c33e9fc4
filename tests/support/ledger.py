"""A ledger in memory, and the tree's definition of RFC 6962 section 2.1, word for word and slowly."""

import hashlib
from collections.abc import Sequence

from shared.ledger.entry import Entry, leaf_text
from shared.ledger.evidence import EntryItem
from shared.ledger.nodes import GROUP_HEIGHT, TILE_HEIGHT, NodeSource, TreeReader
from shared.ledger.tree import Frontier, inclusion_path, leaf_hash


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n]) as the RFC defines it, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = naive_split(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) as the RFC defines it."""
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def inclusion_proof(index: int, size: int, source: NodeSource) -> list[bytes]:
    """The path of one entry, by a reader of its own."""
    return inclusion_path(index, TreeReader(source, size))


def naive_consistency(m: int, leaves: Sequence[bytes], *, known: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) as the RFC defines it."""
    if m == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = naive_split(len(leaves))
    if m <= k:
        return [*naive_consistency(m, leaves[:k], known=known), naive_root(leaves[k:])]
    return [*naive_consistency(m - k, leaves[k:], known=False), naive_root(leaves[:k])]


def naive_split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class MemoryLedger:
    """Leaves with their hashes and tiles. Implements `NodeSource`, and counts what is read."""

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        self.frontier = Frontier()
        self.hashes: list[bytes] = []
        self.kept: dict[tuple[int, int], bytes] = {}
        self.reads = self.taken = 0
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        hashed = leaf_hash(leaf)
        self.hashes.append(hashed)
        self.kept |= {(node.height, node.number): node.hash for node in self.frontier.append(hashed)}

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        return self._read(self.hashes[start:end])

    def groups(self, start: int, end: int) -> Sequence[bytes]:
        return self._read([self.kept[GROUP_HEIGHT, number] for number in range(start, end)])

    def tiles(self, level: int, start: int, end: int) -> Sequence[bytes]:
        return self._read([self.kept[level * TILE_HEIGHT, number] for number in range(start, end)])

    def _read(self, hashes: Sequence[bytes]) -> Sequence[bytes]:
        self.reads, self.taken = self.reads + 1, self.taken + len(hashes)
        return hashes


def an_entry(index: int = 0, **facts: str) -> Entry:
    """An entry of a chain of invented agencies."""
    lawful = {"at": "2026-11-21T08:15:30.123Z", "kind": "referral", "actor": "health-th", "chain_id": "chain-1"}
    return Entry(index=index, **{**lawful, **facts})


def an_item(index: int = 0, **facts: str) -> EntryItem:
    """What the ledger shows of an entry."""
    text = leaf_text(an_entry(index, **facts))
    return EntryItem(index, text, leaf_hash(text.encode()))
