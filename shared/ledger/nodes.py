"""Reading nodes of the tree from tiles of 256 hashes (C2SP tlog-tiles), so that a proof reads a few of them.

A tile of level 0 holds the hashes of 256 leaves; one of level 1 the roots of 256 full tiles of level 0,
and so on. Leaves are as many as there is of the ledger and come from the disk, so within a tile of level 0 the
roots of every sixteen leaves are kept too: a path reads sixteen leaves and sixteen of those instead of 256.
Nodes between two heights that are kept are computed from the lower one.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Final, Protocol

from shared.kernel.errors import FatalLedgerError

#: A tile spans this many levels of the binary tree ...
TILE_HEIGHT = 8
#: ... and holds this many hashes when full.
TILE_WIDTH = 1 << TILE_HEIGHT
#: Within a tile of leaves the roots of groups of leaves are kept, this many levels above them: sixteen leaves each.
GROUP_HEIGHT: Final = 4
GROUP_WIDTH: Final = 1 << GROUP_HEIGHT
HASH_BYTES: Final = 32
_sha256 = hashlib.sha256


class NodeSource(Protocol):
    """Whoever stores the ledger gives its hashes through this."""

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the hashes of leaves `start` to `end` (exclusive), in their order."""
        ...

    def groups(self, start: int, end: int) -> Sequence[bytes]:
        """Return the roots of full groups of sixteen leaves, `start` to `end` (exclusive), in their order."""
        ...

    def tiles(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the roots of full tiles of `level` - 1 (so `level` is 1 or more), `start` to `end` (exclusive)."""
        ...


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class TileMemory:
    """Tiles that were read, for whoever proves again and again; the ones not used for longest are forgotten.

    A hash that is in the tree never changes, so a tile is what it was for as long as it has as many hashes. Tiles of
    leaves are not kept: there are as many as there is of the ledger. May be used by many threads.
    """

    def __init__(self, *, most: int = 256) -> None:
        self._most = most
        self._tiles: OrderedDict[tuple[int, int, int], _Tile] = OrderedDict()
        self._lock = Lock()

    def get(self, level: int, number: int, width: int) -> "_Tile | None":
        """Return a tile of so many hashes, if it is known."""
        with self._lock:
            tile = self._tiles.get((level, number, width))
            if tile is not None:
                self._tiles.move_to_end((level, number, width))
            return tile

    def keep(self, level: int, number: int, width: int, tile: "_Tile") -> None:
        """Keep a tile of so many hashes."""
        with self._lock:
            self._tiles[level, number, width] = tile
            while len(self._tiles) > self._most:
                self._tiles.popitem(last=False)


class _Tile:
    """The hashes of a tile, and the nodes above them up to its own root: each level as one string of bytes."""

    __slots__ = ("_rows",)

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self._rows = [b"".join(hashes)]

    def node(self, height: int, number: int) -> bytes:
        """Return the node that is `number`-th from the left, `height` above the hashes."""
        while len(self._rows) <= height:
            self._rows = [*self._rows, _above(self._rows[-1])]  # never a half-made row for another thread
        start = number * HASH_BYTES
        return self._rows[height][start : start + HASH_BYTES]


def _above(row: bytes) -> bytes:
    """Return the level above a row of hashes; one that has no neighbour yet has no node above it."""
    pair = 2 * HASH_BYTES
    return b"".join([_sha256(b"\x01" + row[at : at + pair]).digest() for at in range(0, len(row) - pair + 1, pair)])


class TreeReader:
    """Computes roots of parts of one tree, reading each tile at most once.

    `edge` are the roots of its perfect subtrees, by height and number, where they are at hand (`Frontier.nodes`): the
    right end of the tree, which every path needs, need not be read then. `memory` is of the same ledger.
    """

    def __init__(
        self,
        source: NodeSource,
        size: int,
        *,
        edge: Mapping[tuple[int, int], bytes] | None = None,
        memory: TileMemory | None = None,
    ) -> None:
        self.size = size
        self._source = source
        self._edge = edge or {}
        self._memory = memory or TileMemory()
        self._tiles: dict[tuple[int, int], _Tile] = {}
        self._roots: dict[tuple[int, int], bytes] = {}

    def root(self, start: int, end: int) -> bytes:
        """Return the root of the leaves `start` to `end`, not empty, as RFC 6962 section 2.1 splits them.

        `start` is a multiple of the largest power of two within the part, as it is in every proof. The paths of
        neighbours share most of what they ask for.
        """
        known = self._roots.get((start, end))
        if known is None:
            known = self._roots[start, end] = self._folded(start, end)
        return known

    def _folded(self, start: int, end: int) -> bytes:
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
        known = self._edge.get((height, number))
        if known is not None:
            return known
        floor, span = _kept_below(height)
        above = span - (height - floor)
        return self._tile(floor, span, number >> above).node(height - floor, number & (1 << above) - 1)

    def _tile(self, floor: int, span: int, number: int) -> _Tile:
        """Return what exists of a tile, or of a part of one. Raises `FatalLedgerError` (`ledger.nodes`)."""
        tile = self._tiles.get((floor, number))
        if tile is None:
            start = number << span
            end = min(start + (1 << span), self.size >> floor)
            tile = self._tiles[floor, number] = self._known(floor, number, end - start) or self._read(floor, start, end)
        return tile

    def _known(self, floor: int, number: int, width: int) -> _Tile | None:
        return self._memory.get(floor // TILE_HEIGHT, number, width) if floor >= TILE_HEIGHT else None

    def _read(self, floor: int, start: int, end: int) -> _Tile:
        hashes = self._hashes(floor, start, end)
        if len(hashes) != end - start:
            raise FatalLedgerError("ledger.nodes", "The ledger lacks hashes that it must have.")
        tile = _Tile(hashes)
        if floor >= TILE_HEIGHT:
            self._memory.keep(floor // TILE_HEIGHT, start // TILE_WIDTH, end - start, tile)
        return tile

    def _hashes(self, floor: int, start: int, end: int) -> Sequence[bytes]:
        if floor == 0:
            return self._source.leaves(start, end)
        if floor == GROUP_HEIGHT:
            return self._source.groups(start, end)
        return self._source.tiles(floor // TILE_HEIGHT, start, end)


def is_kept(height: int) -> bool:
    """Say whether the nodes of this height are kept, and not computed from those below."""
    return height % TILE_HEIGHT == 0 or height == GROUP_HEIGHT


def group_roots(leaves: Sequence[bytes]) -> list[bytes]:
    """Return the roots of groups of sixteen leaves; those at the end that make no full group have none."""
    groups = range(0, len(leaves) - GROUP_WIDTH + 1, GROUP_WIDTH)
    return [_Tile(leaves[start : start + GROUP_WIDTH]).node(GROUP_HEIGHT, 0) for start in groups]


def _kept_below(height: int) -> tuple[int, int]:
    """Return the nearest height, at this one or below it, whose nodes are kept, and how far it is to the next such."""
    floor = height - height % TILE_HEIGHT
    if floor:
        return floor, TILE_HEIGHT
    return (GROUP_HEIGHT if height >= GROUP_HEIGHT else 0), GROUP_HEIGHT
