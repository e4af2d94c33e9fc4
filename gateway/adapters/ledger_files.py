"""The ledger as an auditor reads it: its signed head, entries with their proofs checked, and that it only grew."""

from dataclasses import dataclass, replace

from sqlalchemy import Engine, select

from gateway.adapters.proving import Growth, ProvedEntry, Prover, SignedHead
from gateway.adapters.rows import fetch
from gateway.adapters.tables import LEDGER_ENTRIES
from shared.kernel.errors import InputRejected, NotFound
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.proofs import verify_consistency
from shared.seal.checkpoints import CheckpointSigner, verify_note
from shared.storage.engine import read

_ROW = LEDGER_ENTRIES.c


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """The head of the ledger, and some of its entries, newest first."""

    head: SignedHead
    entries: tuple[ProvedEntry, ...]


class LedgerFiles:
    """Reads the ledger and checks what it reads."""

    def __init__(self, engine: Engine, *, signer: CheckpointSigner) -> None:
        self._engine = engine
        self._signer = signer

    def newest(self, *, before: int | None, limit: int) -> LedgerPage:
        """Return the newest entries, or those before a place."""
        statement = select(LEDGER_ENTRIES).order_by(_ROW.idx.desc()).limit(limit)
        if before is not None:
            statement = statement.where(_ROW.idx < before)
        with read(self._engine) as connection:
            prover = Prover(connection, self._signer)
            return LedgerPage(prover.head, tuple(prover.proved(fetch(connection, statement))))

    def entry(self, index: int) -> LedgerPage:
        """Return one entry. Raises `NotFound` (`ledger.range`) where there is none at this place."""
        with read(self._engine) as connection:
            rows = fetch(connection, select(LEDGER_ENTRIES).where(_ROW.idx == index))
            if not rows:
                raise NotFound("ledger.range", "There is no such entry in the ledger.")
            prover = Prover(connection, self._signer)
            return LedgerPage(prover.head, tuple(prover.proved(rows)))

    def grown(self, first: int, second: int) -> Growth:
        """Prove that one size of the ledger continues another. Raises `InputRejected` (`ledger.range`)."""
        with read(self._engine) as connection:
            return Prover(connection, self._signer).grown(first, second)

    def against(self, note: str) -> Growth:
        """Hold a checkpoint that somebody kept against the ledger as it stands.

        Raises `InputRejected`: `note.malformed`, `note.signature` and `ledger.checkpoint` for what is no checkpoint of
        this ledger, `ledger.truncated` when the ledger has become shorter.
        """
        kept = Checkpoint.parse(verify_note(note, [self._signer.verifier]).text)
        with read(self._engine) as connection:
            prover = Prover(connection, self._signer)
            if kept.size > prover.head.size:
                raise InputRejected("ledger.truncated", "The ledger is shorter now than this checkpoint says.")
            growth = prover.grown(kept.size, prover.head.size)
        holds = verify_consistency(
            first=kept.size,
            second=growth.second,
            first_root=kept.root,
            second_root=bytes.fromhex(growth.second_root),
            proof=[bytes.fromhex(node) for node in growth.proof],
        )
        return replace(growth, first_root=kept.root.hex(), holds=growth.holds and holds)
