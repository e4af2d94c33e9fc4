"""Evidence from the ledger: entries, proofs, checkpoints, tiles, and the chain of referrals they speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from gateway.adapters.found_by import of_chain
from gateway.adapters.ledger import StoredNodes, read_head, tree_of
from gateway.adapters.rows import fetch, referral_of
from gateway.adapters.statements import count_statements
from gateway.adapters.tables import LEDGER_ENTRIES, REFERRALS
from gateway.adapters.witness_tables import witnessed_note
from gateway.application.views import referral_view, statements_view
from gateway.domain.referral import Referral
from shared.kernel.errors import FieldFault, InputRejected, NotFound
from shared.ledger.checkpoint import Checkpoint, text_of_note
from shared.ledger.nodes import TileMemory, TreeReader
from shared.ledger.proof_file import ProofFile
from shared.ledger.tiles import TileAddress, entry_bundle, tile_data
from shared.ledger.tree import EMPTY_ROOT, Frontier, consistency_proof, inclusion_path
from shared.referral.chain import as_tree
from shared.seal.checkpoints import CheckpointSigner
from shared.storage.engine import read

#: A chain longer than this is shown with its first entries; the rest is in the ledger's own list.
ENTRIES_MOST = 2000


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What is asked of the list of entries. `reader` None is oversight, which sees all."""

    reader: str | None
    chain_id: str | None = None
    referral_id: str | None = None
    after: int | None = None
    limit: int = 50


class Evidence:
    """Read models over the ledger."""

    def __init__(self, engine: Engine, *, origin: str, signer: CheckpointSigner) -> None:
        self._engine = engine
        self._origin = origin
        self._signer = signer
        self._tiles = TileMemory()

    def entries(self, wanted: EntryFilter) -> list[dict[str, Any]]:
        """Return entries in order. An agency sees its own, and those of referrals it is a party of."""
        statement = select(LEDGER_ENTRIES).order_by(LEDGER_ENTRIES.c.idx).limit(wanted.limit)
        for name in ("chain_id", "referral_id"):
            if (value := getattr(wanted, name)) is not None:
                statement = statement.where(LEDGER_ENTRIES.c[name] == value)
        if wanted.after is not None:
            statement = statement.where(LEDGER_ENTRIES.c.idx > wanted.after)
        if wanted.reader is not None:
            statement = statement.where(_visible_to(wanted.reader))
        with read(self._engine) as connection:
            return [_entry_view(row) for row in fetch(connection, statement)]

    def inclusion(self, index: int, tree_size: int | None) -> dict[str, Any]:
        """Return the proof that an entry is in the tree. Raises `InputRejected` (`ledger.range`)."""
        with read(self._engine) as connection:
            size = _size(connection, tree_size)
            nodes = StoredNodes(connection)
            proof = inclusion_path(index, TreeReader(nodes, size, memory=self._tiles))
            return {
                "index": index,
                "tree_size": size,
                "leaf_hash": nodes.leaves(index, index + 1)[0].hex(),
                "root_hash": _root(connection, size).hex(),
                "proof": [node.hex() for node in proof],
            }

    def consistency(self, first: int, second: int | None) -> dict[str, Any]:
        """Return the proof that the ledger only grew. Raises `InputRejected` (`ledger.range`)."""
        with read(self._engine) as connection:
            size = _size(connection, second)
            proof = consistency_proof(first, size, StoredNodes(connection))
        return {"from": first, "to": size, "proof": [node.hex() for node in proof]}

    def checkpoint(self) -> str:
        """Return the signed checkpoint of the ledger as it stands (C2SP tlog-checkpoint).

        Cosignatures are with it when it is the one that witnesses have signed last.
        """
        with read(self._engine) as connection:
            note = self._signed(read_head(connection))
            witnessed = witnessed_note(connection, self._origin)
        return witnessed if witnessed and text_of_note(witnessed) == text_of_note(note) else note

    def witnessed(self) -> str:
        """Return the largest checkpoint that a quorum of witnesses has cosigned, with their signatures.

        Raises `NotFound` (`ledger.unwitnessed`).
        """
        with read(self._engine) as connection:
            note = witnessed_note(connection, self._origin)
        if note is None:
            raise NotFound("ledger.unwitnessed", "No checkpoint of this ledger has been cosigned by its witnesses yet.")
        return note

    def _signed(self, head: Frontier) -> str:
        return self._signer.sign(Checkpoint(self._origin, head.size, head.root()).body())

    def proof_file(self, index: int) -> str:
        """Return one entry's proof with the signed checkpoint it leads to (C2SP tlog-proof). Raises as `inclusion`.

        It leads to the checkpoint that witnesses have cosigned last, if the entry is in that, and else to the newest.
        """
        with read(self._engine) as connection:
            note = witnessed_note(connection, self._origin)
            if note is None or Checkpoint.of_note(note).size <= index:
                note = self._signed(read_head(connection))
            size = Checkpoint.of_note(note).size
            tree = TreeReader(StoredNodes(connection), size, memory=self._tiles)
            proof = tuple(inclusion_path(index, tree))
        return ProofFile(index, proof, note).text()

    def tile(self, address: TileAddress) -> bytes:
        """Return a tile of hashes or a bundle of entries. Raises `NotFound` (`ledger.tile`)."""
        start, end = address.span
        with read(self._engine) as connection:
            if not address.exists(read_head(connection).size):
                raise NotFound("ledger.tile", "The ledger has no such tile.")
            nodes = StoredNodes(connection)
            if address.level is None:
                return entry_bundle(nodes.entries(start, end))
            return tile_data(nodes.tiles(address.level, start, end) if address.level else nodes.leaves(start, end))

    def chain(self, chain_id: str, reader: str | None) -> dict[str, Any]:
        """Return a chain with its entries and their proofs: all of it for oversight, its own part for a party.

        Raises `NotFound` (`chain.unknown`).
        """
        with read(self._engine) as connection:
            referrals = [
                referral_of(row)
                for row in fetch(
                    connection,
                    select(REFERRALS).where(of_chain(chain_id)).order_by(REFERRALS.c.referral_id),
                )
            ]
            own = [r for r in referrals if reader is None or r.party(reader)]
            entries = self._chain_entries(connection, chain_id, own, reader)
            if not own and not entries:
                raise NotFound("chain.unknown", "No such chain that your agency takes part in.")
            return _chain_view(connection, chain_id, own, entries, self._tiles)

    def _chain_entries(
        self, connection: Connection, chain_id: str, own: Sequence[Referral], reader: str | None
    ) -> list[dict[str, Any]]:
        statement = select(LEDGER_ENTRIES).where(LEDGER_ENTRIES.c.chain_id == chain_id)
        found = fetch(connection, statement.order_by(LEDGER_ENTRIES.c.idx).limit(ENTRIES_MOST))
        if reader is None:
            return found
        mine = {referral.referral_id for referral in own}
        return [row for row in found if row["referral_id"] in mine or row["actor"] == reader]


def _chain_view(
    connection: Connection,
    chain_id: str,
    referrals: Sequence[Referral],
    entries: Sequence[dict[str, Any]],
    tiles: TileMemory,
) -> dict[str, Any]:
    head = read_head(connection)
    tree = tree_of(connection, head, memory=tiles)
    return {
        "chain_id": chain_id,
        "referrals": as_tree([referral_view(referral) for referral in referrals]),
        "statements": statements_view(count_statements(connection, chain_id, {one.subject for one in referrals})),
        "entries": [_entry_view(row) for row in entries],
        "tree_size": head.size,
        "root_hash": head.root().hex(),
        "proofs": {str(row["idx"]): [node.hex() for node in inclusion_path(row["idx"], tree)] for row in entries},
    }


def _visible_to(reader: str) -> Any:
    mine = select(REFERRALS.c.referral_id).where((REFERRALS.c.sender == reader) | (REFERRALS.c.recipient == reader))
    return (LEDGER_ENTRIES.c.actor == reader) | LEDGER_ENTRIES.c.referral_id.in_(mine)


def _entry_view(row: dict[str, Any]) -> dict[str, Any]:
    return {"index": row["idx"], "leaf": row["leaf"], "leaf_hash": row["leaf_hash"]}


def _size(connection: Connection, asked: int | None) -> int:
    size = read_head(connection).size
    if asked is not None and asked > size:
        message = "The ledger has not grown to this size; take the size of its checkpoint."
        raise InputRejected("ledger.range", message, faults=[FieldFault("/query/tree_size", "ledger.range", message)])
    return size if asked is None else asked


def _root(connection: Connection, size: int) -> bytes:
    head = read_head(connection)
    if size == head.size:
        return head.root()
    return TreeReader(StoredNodes(connection), size).root(0, size) if size else EMPTY_ROOT
