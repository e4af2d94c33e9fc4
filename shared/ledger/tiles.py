"""The ledger as static files (C2SP tlog-tiles): paths, tiles of hashes, bundles of entries.

`tile/<level>/<number>[.p/<width>]` is a tile of hashes, `tile/entries/<number>[.p/<width>]` the leaves
below a tile of level 0. Numbers are written in groups of three digits, all but the last with an `x`
before it. A tile that is not yet full is partial and carries its width; one that is full never changes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.kernel.errors import InputRejected, NotFound
from shared.ledger.entry import LEAF_BYTES_MOST
from shared.ledger.nodes import TILE_HEIGHT, TILE_WIDTH

_LEVEL_MOST = 63
_LENGTH_BYTES = 2
_GROUP = 1000
_PATH = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Which tile: `level` is None for a bundle of entries; `width` is 256 when the tile is full."""

    level: int | None
    number: int
    width: int = TILE_WIDTH

    @property
    def span(self) -> tuple[int, int]:
        """Return the first hash or entry of the tile, and the one after its last."""
        start = self.number * TILE_WIDTH
        return start, start + self.width

    def path(self) -> str:
        """Return the path below `tile/`."""
        name = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{name}/{_grouped(self.number)}{partial}"

    def exists(self, size: int) -> bool:
        """Say whether a ledger of `size` leaves has this tile with this width."""
        _start, end = self.span
        return end <= size >> TILE_HEIGHT * (self.level or 0)


def parse_path(path: str) -> TileAddress:
    """Read a path below `tile/`. Raises `NotFound` (`ledger.tile`) for any other than the one right spelling."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise _no_tile()
    level = None if match[1] == "entries" else int(match[1])
    number = int(match[2].replace("x", "").replace("/", ""))
    address = TileAddress(level, number, int(match[3] or TILE_WIDTH))
    if (level or 0) > _LEVEL_MOST or address.width > TILE_WIDTH or address.path() != path:
        raise _no_tile()
    return address


def tile_data(hashes: Sequence[bytes]) -> bytes:
    """Return a tile of hashes as bytes."""
    return b"".join(hashes)


def entry_bundle(leaves: Sequence[bytes]) -> bytes:
    """Return leaves as one bundle: each after its length in two bytes, big-endian. Raises `InputRejected`."""
    if any(len(leaf) > LEAF_BYTES_MOST for leaf in leaves):
        raise InputRejected("ledger.leaf", "A ledger entry is longer than a bundle can carry.")
    return b"".join(len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf for leaf in leaves)


def read_entry_bundle(data: bytes) -> list[bytes]:
    """Return the leaves of a bundle. Raises `InputRejected` (`ledger.bundle`) when it is cut short."""
    leaves = []
    position = 0
    while position < len(data):
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise InputRejected("ledger.bundle", "This bundle of ledger entries is cut short.")
        leaves.append(data[start:position])
    return leaves


def _grouped(number: int) -> str:
    groups = [f"{number % _GROUP:03d}"]
    while number := number // _GROUP:
        groups.append(f"x{number % _GROUP:03d}")
    return "/".join(reversed(groups))


def _no_tile() -> NotFound:
    return NotFound("ledger.tile", "The ledger has no such tile.")
