"""The ledger in the database: appended within the transaction of the decision it records, read for proofs.

Every writer, in whatever process, first locks the one head row; so the entries are one sequence, in the
order in which they were committed.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select

from gateway.adapters.tables import LEDGER_ENTRIES, LEDGER_HEAD
from gateway.adapters.tree_tables import LEDGER_GROUPS, LEDGER_TILES
from gateway.application.ports import Recorded
from shared.kernel.errors import FatalLedgerError
from shared.ledger.entry import Entry, leaf_text
from shared.ledger.nodes import GROUP_HEIGHT, GROUP_WIDTH, TILE_HEIGHT, TileMemory, TreeReader, group_roots
from shared.ledger.tree import CompletedNode, Frontier, leaf_hash
from shared.storage.book import Book
from shared.storage.driver import Driver
from shared.storage.engine import read

HEAD_ID = 1
_HEAD = select(LEDGER_HEAD.c.id).where(LEDGER_HEAD.c.id == HEAD_ID)


def lock_head(book: Book) -> None:
    """Hold the ledger's head for this transaction. Raises `FatalLedgerError` when there is none."""
    if book.lock(LEDGER_HEAD, HEAD_ID) is None:
        raise FatalLedgerError("ledger.head-missing", "The ledger has no head: this database was not made by the mesh.")


def append(book: Book, kind: str, actor: str, *, at: str, **facts: str | None) -> Recorded:
    """Append one entry in the transaction of `book`, whose head is locked; `at` in its wire form."""
    head = book.get(LEDGER_HEAD, HEAD_ID)
    if head is None:
        raise FatalLedgerError("ledger.head-missing", "The ledger has no head.")
    index = head["size"]
    entry = Entry(index=index, at=at, kind=kind, actor=actor, **{k: v for k, v in facts.items() if v})
    leaf = leaf_text(entry)
    hashed = leaf_hash(leaf.encode())
    frontier = Frontier.from_list(head["frontier"], size=index)
    for node in frontier.append(hashed):
        book.insert(*kept_node(node))
    book.insert(LEDGER_ENTRIES, {"idx": index, "leaf": leaf, "leaf_hash": hashed.hex(), **_searched(entry)})
    book.update(LEDGER_HEAD, HEAD_ID, size=frontier.size, frontier=frontier.to_list())
    return Recorded(index, hashed.hex())


def kept_node(node: CompletedNode) -> tuple[Table, dict[str, Any]]:
    """Return in which table a node is kept, and its row."""
    if node.height == GROUP_HEIGHT:
        return LEDGER_GROUPS, {"number": node.number, "hash": node.hash.hex()}
    level = node.height // TILE_HEIGHT
    key = _tile_key(level, node.number)
    return LEDGER_TILES, {"key": key, "level": level, "number": node.number, "hash": node.hash.hex()}


def _searched(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "at": entry.at,
        "actor": entry.actor,
        "code": entry.code,
        "state": entry.state,
        "referral_id": entry.referral_id,
        "chain_id": entry.chain_id,
        "consent_id": entry.consent_id,
    }


def _tile_key(level: int, number: int) -> str:
    return f"{level}/{number}"


class StoredNodes:
    """The tree's hashes as the database has them. Implements `shared.ledger.nodes.NodeSource`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the hashes of leaves `start` to `end` (exclusive)."""
        entries = LEDGER_ENTRIES.c
        return self._hashes(
            select(entries.leaf_hash).where(entries.idx >= start, entries.idx < end).order_by(entries.idx)
        )

    def groups(self, start: int, end: int) -> Sequence[bytes]:
        """Return the roots of full groups of sixteen leaves, `start` to `end` (exclusive).

        Those that a gateway of the release before left out, while both ran side by side, are computed from the leaves.
        """
        groups = LEDGER_GROUPS.c
        wanted = select(groups.hash).where(groups.number >= start, groups.number < end).order_by(groups.number)
        found = self._hashes(wanted)
        if len(found) == end - start:
            return found
        return group_roots(self.leaves(start * GROUP_WIDTH, end * GROUP_WIDTH))

    def entries(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaves `start` to `end` (exclusive) themselves."""
        entries = LEDGER_ENTRIES.c
        statement = select(entries.leaf).where(entries.idx >= start, entries.idx < end).order_by(entries.idx)
        return [text.encode() for (text,) in self._connection.execute(statement)]

    def tiles(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the roots of full tiles below `level`, `start` to `end` (exclusive), found by their keys.

        There is no index over level and number: a range would be looked for among all tiles there are.
        """
        tiles = LEDGER_TILES.c
        keys = [_tile_key(level, number) for number in range(start, end)]
        return self._hashes(select(tiles.hash).where(tiles.key.in_(keys)).order_by(tiles.number))

    def _hashes(self, statement: Any) -> list[bytes]:
        return [bytes.fromhex(text) for (text,) in self._connection.execute(statement).all()]


def read_head(connection: Connection) -> Frontier:
    """Return the ledger's frontier as last committed. Raises `FatalLedgerError` when there is none."""
    row = connection.execute(select(LEDGER_HEAD).where(LEDGER_HEAD.c.id == HEAD_ID)).one_or_none()
    if row is None:
        raise FatalLedgerError("ledger.head-missing", "The ledger has no head.")
    return Frontier.from_list(row.frontier, size=row.size)


def tree_of(connection: Connection, head: Frontier, *, memory: TileMemory | None = None) -> TreeReader:
    """Return a reader of the tree as it stands: its right end is in the head, and some of it in memory."""
    return TreeReader(StoredNodes(connection), head.size, edge=head.nodes(), memory=memory)


def begin_ledger(engine: Engine) -> None:
    """Write the empty head of a new ledger; leave an old one alone."""
    if _has_head(engine):
        return
    with engine.begin() as connection:
        Book(Driver(connection)).hold(LEDGER_HEAD)  # another process may begin it now
        if connection.execute(_HEAD).first() is None:
            connection.execute(insert(LEDGER_HEAD).values(id=HEAD_ID, size=0, frontier=[]))


def _has_head(engine: Engine) -> bool:
    with read(engine) as connection:
        return connection.execute(_HEAD).first() is not None
