"""Whether a ledger that was copied into another database is the one it was copied from: leaf by leaf, from nothing."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from gateway.adapters.ledger import StoredNodes, read_head
from gateway.adapters.tables import LEDGER_ENTRIES
from shared.kernel.errors import FatalLedgerError
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.nodes import GROUP_HEIGHT, TILE_HEIGHT
from shared.ledger.tree import CompletedNode, Frontier, leaf_hash

_PORTION = 1_000


def check_copy(source: Connection, target: Connection, *, kept: Checkpoint | None = None) -> Checkpoint:
    """Recompute the tree of a copied ledger from its entries; return its size and root, under no name.

    Raises `FatalLedgerError` (`ledger.copy`) where it is not the tree that the source's head tells of, does not begin
    with the tree of the checkpoint that somebody `kept`, or has other hashes of tiles and groups than its entries give.
    """
    grown, stored = Frontier(), _StoredAlike(target)
    is_continued = kept is None or kept.size == 0
    for hashed in _leaf_hashes(target):
        for node in grown.append(hashed):
            stored.check(node)
        if kept is not None and grown.size == kept.size:
            is_continued = grown.root() == kept.root
    stored.check_groups()
    head = read_head(source)
    if (grown.size, grown.to_list()) != (head.size, head.to_list()):
        raise _differs(f"The source's head tells of {head.size} entries with another root.")
    if not is_continued:
        raise _differs("It does not continue the checkpoint that was kept.")
    return Checkpoint("", grown.size, grown.root())


def _leaf_hashes(connection: Connection) -> Iterator[bytes]:
    """Yield the hash of every leaf in its order, as its text gives it. Raises where one is missing."""
    row = LEDGER_ENTRIES.c
    statement = select(row.idx, row.leaf, row.leaf_hash).order_by(row.idx).execution_options(yield_per=_PORTION)
    for expected, (index, leaf, stored) in enumerate(connection.execute(statement)):
        hashed = leaf_hash(leaf.encode())
        if index != expected or hashed.hex() != stored:
            raise _differs(f"Entry {expected} is missing or altered.")
        yield hashed


class _StoredAlike:
    """Holds nodes against those that a copy keeps; groups of leaves, of which there are many, some at a time."""

    def __init__(self, target: Connection) -> None:
        self._stored = StoredNodes(target)
        self._first = 0
        self._groups: list[bytes] = []

    def check(self, node: CompletedNode) -> None:
        if node.height == GROUP_HEIGHT:
            self._groups.append(node.hash)
            if len(self._groups) == _PORTION:
                self.check_groups()
        elif self._stored.tiles(node.height // TILE_HEIGHT, node.number, node.number + 1) != [node.hash]:
            raise _differs("Its hashes of tiles are not those of its entries.")

    def check_groups(self) -> None:
        after = self._first + len(self._groups)
        if self._stored.groups(self._first, after) != self._groups:
            raise _differs("Its hashes of groups of entries are not those of its entries.")
        self._first, self._groups = after, []


def _differs(why: str) -> FatalLedgerError:
    return FatalLedgerError("ledger.copy", f"The copied ledger is not the source's. {why}")
