"""The ledger as an auditor reads it: its signed head, entries with their proofs checked, and that it only grew."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, select

from gateway.adapters.proving import Growth, ProvedEntry, Prover, SignedHead
from gateway.adapters.rows import fetch
from gateway.adapters.tables import LEDGER_ENTRIES
from gateway.adapters.witness_tables import witnessed_note
from shared.kernel.errors import InputRejected, NotFound
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.proofs import verify_consistency
from shared.seal.checkpoints import CheckpointSigner, verify_note
from shared.seal.cosignatures import read_witnessed
from shared.seal.policy_file import PolicyFile
from shared.storage.engine import read
from shared.telemetry.logs import get_logger

_log = get_logger("ledger")
_ROW = LEDGER_ENTRIES.c


@dataclass(frozen=True, slots=True)
class Witnesses:
    """How much of the ledger was witnessed, and by whom; whether anybody is asked to."""

    is_asked: bool
    size: int = 0
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """The head of the ledger, who witnessed it so far, and some of its entries, newest first."""

    head: SignedHead
    witnesses: Witnesses
    entries: tuple[ProvedEntry, ...]


class LedgerFiles:
    """Reads the ledger and checks what it reads."""

    def __init__(self, engine: Engine, *, signer: CheckpointSigner, policy: PolicyFile) -> None:
        self._engine = engine
        self._signer = signer
        self._policy = policy

    def newest(self, *, before: int | None, limit: int) -> LedgerPage:
        """Return the newest entries, or those before a place."""
        statement = select(LEDGER_ENTRIES).order_by(_ROW.idx.desc()).limit(limit)
        if before is not None:
            statement = statement.where(_ROW.idx < before)
        with read(self._engine) as connection:
            prover = Prover(connection, self._signer)
            entries = prover.proved(fetch(connection, statement))
            return LedgerPage(prover.head, self._witnesses(connection), tuple(entries))

    def entry(self, index: int) -> LedgerPage:
        """Return one entry. Raises `NotFound` (`ledger.range`) where there is none at this place."""
        with read(self._engine) as connection:
            rows = fetch(connection, select(LEDGER_ENTRIES).where(_ROW.idx == index))
            if not rows:
                raise NotFound("ledger.range", "There is no such entry in the ledger.")
            prover = Prover(connection, self._signer)
            return LedgerPage(prover.head, self._witnesses(connection), tuple(prover.proved(rows)))

    def _witnesses(self, connection: Connection) -> Witnesses:
        """Return what the policy, if it can be read, makes of the head that is published as witnessed."""
        note = witnessed_note(connection, self._signer.verifier.name)
        try:
            policy = self._policy.read()
            if note is not None and policy is not None:
                found = read_witnessed(note, policy)
                return Witnesses(True, Checkpoint.parse(found.text).size, found.witnesses)
        except InputRejected as fault:
            _log.warning("ledger.policy-refused", code=fault.code)
        return Witnesses(self._policy.is_named)

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
