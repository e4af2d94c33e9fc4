"""Reading nodes of the tree from tiles of 256 hashes (C2SP tlog-tiles), so that a proof reads a few of them.

A tile of level 0 holds the hashes of 256 leaves; one of level 1 the roots of 256 full tiles of level 0,
and so on. Nodes between two levels are computed from the tile below them.
"""

import hashlib
from collections.abc import Sequence
from typing import Protocol

from shared.kernel.errors import FatalLedgerError

#: A tile spans this many levels of the binary tree ...
TILE_HEIGHT = 8
#: ... and holds this many hashes when full.
TILE_WIDTH = 1 << TILE_HEIGHT


class NodeSource(Protocol):
    """Whoever stores the ledger gives its hashes through this."""

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the hashes of leaves `start` to `end` (exclusive), in their order."""
        ...

    def tiles(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the roots of full tiles of `level` - 1 (so `level` is 1 or more), `start` to `end` (exclusive)."""
        ...


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class TreeReader:
    """Computes roots of parts of one tree, reading each tile at most once."""

    def __init__(self, source: NodeSource, size: int) -> None:
        self._source = source
        self._size = size
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def root(self, start: int, end: int) -> bytes:
        """Return the root of the leaves `start` to `end`, not empty, as RFC 6962 section 2.1 splits them.

        `start` is a multiple of the largest power of two within the part, as it is in every proof.
        """
        nodes = []
        while start < end:
            height = (end - start).bit_length() - 1
            nodes.append(self._perfect(height, start >> height))
            start += 1 << height
        root = nodes.pop()
        while nodes:
            root = node_hash(nodes.pop(), root)
        return root

    def _perfect(self, height: int, number: int) -> bytes:
        """Return the root of the perfect subtree of this height that is `number`-th from the left."""
        level, within = divmod(height, TILE_HEIGHT)
        start = number << within
        first = start % TILE_WIDTH
        nodes = self._tile(level, start // TILE_WIDTH)[first : first + (1 << within)]
        while len(nodes) > 1:
            nodes = [node_hash(nodes[place], nodes[place + 1]) for place in range(0, len(nodes), 2)]
        return nodes[0]

    def _tile(self, level: int, number: int) -> Sequence[bytes]:
        """Return what exists of a tile. Raises `FatalLedgerError` (`ledger.nodes`) when the source lacks some."""
        key = level, number
        if key not in self._tiles:
            start = number * TILE_WIDTH
            end = min(start + TILE_WIDTH, self._size >> level * TILE_HEIGHT)
            hashes = self._source.tiles(level, start, end) if level else self._source.leaves(start, end)
            if len(hashes) != end - start:
                raise FatalLedgerError("ledger.nodes", "The ledger lacks hashes that it must have.")
            self._tiles[key] = hashes
        return self._tiles[key]
