"""The agency as a witness (C2SP tlog-witness 1.0.0): it signs a head of the ledger only if nothing before was changed.

Promises that of each ledger the largest head it has cosigned is durable before its cosignature leaves the house, and
that it never cosigns two heads that do not fit together, whoever asks, however many ask at once, and however many
processes of the agency they ask. Whoever asks need not say who they are: only what the ledger itself has signed is
looked at, and what is cosigned may be seen by all.

Whether this agency is a witness, of which ledgers and under which name, is what the policy says: the line of `witness`
with its own key, and the lines of `log`.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

from shared.agency.ports import Desk, Reading, Store
from shared.agency.witness.records import WitnessedLedger
from shared.kernel.clock import Clock
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InputRejected, NotFound, NotPermitted
from shared.ledger.checkpoint import Checkpoint, text_of_note
from shared.ledger.policy import name_of
from shared.ledger.witness import Submission, check_growth
from shared.seal.checkpoints import NoteVerifier, line_of, verify_note
from shared.seal.cosignatures import Cosigner
from shared.seal.keys import AgencyKeys
from shared.seal.policy_file import PolicyFile
from shared.telemetry.logs import get_logger

_log = get_logger("witness")
#: What may mean that a ledger was rewritten; or that somebody who is nobody has sent it with a proof of nothing.
_SUSPECT: Final = "witness.inconsistent"


class Witness:
    """Cosigns heads of the ledgers that its policy names."""

    def __init__(self, store: Store, keys: AgencyKeys, clock: Clock, *, policy: PolicyFile) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._policy = policy

    async def add_checkpoint(self, text: str) -> str:
        """Return the line of our cosignature for a head that was submitted.

        Raises `NotFound` (`witness.unknown-log`), `NotPermitted` (`witness.signature`), and `InputRejected` or
        `MovedOn` as `Submission.parse` and `check_growth`.
        """
        submission = Submission.parse(text)
        logs, cosigner = await asyncio.to_thread(self._believed)
        origin = submission.checkpoint().origin
        if origin not in logs:
            raise NotFound("witness.unknown-log", "This ledger is not witnessed here.")
        note = _signed_by(logs[origin], submission.note)
        at = int(self._clock.now().timestamp())
        key = sha256_hex(origin.encode())
        work = partial(_cosigned, key=key, submission=submission, note=note, cosigner=cosigner, at=at)
        try:
            return await self._store.write(work)
        except InputRejected as refusal:
            if refusal.code == _SUSPECT:
                _log.warning("witness.refused", code=refusal.code, size=submission.checkpoint().size)
            raise

    async def latest(self, origin_sha256: str) -> str:
        """Return the largest head of a ledger that was cosigned here, signed by both. Raises `NotFound`."""

        def look(reading: Reading) -> WitnessedLedger | None:
            return reading.get(WitnessedLedger, origin_sha256)

        known = await self._store.read(look)
        if known is None:
            raise NotFound("witness.unknown-log", "No head of this ledger was cosigned here.")
        return known.note

    def _believed(self) -> tuple[Mapping[str, NoteVerifier], Cosigner]:
        """Return the ledgers to be watched, by their names, and who we are. Raises `NotFound`."""
        policy = self._policy.read()
        for witness in policy.witnesses if policy else ():
            own = self._keys.cosigner(name_of(witness.vkey))
            if policy and own.verifier.vkey() == witness.vkey:
                return {log.origin: NoteVerifier.from_vkey(log.vkey) for log in policy.logs}, own
        raise NotFound("witness.unknown-log", "This agency is not a witness.")


def _signed_by(log: NoteVerifier, note: str) -> str:
    """Return the head with the ledger's signature alone. Raises `NotPermitted` (`witness.signature`)."""
    try:
        verify_note(note, [log])
    except InputRejected as fault:
        raise NotPermitted("witness.signature", "The ledger has not signed this checkpoint.") from fault
    return f"{text_of_note(note)}\n{line_of(note, log)}"


def _cosigned(desk: Desk, *, key: str, submission: Submission, note: str, cosigner: Cosigner, at: int) -> str:
    """Remember the head in the place of the one before, and return our line; for the same head it stays the same."""
    known = desk.hold(WitnessedLedger, key)
    before = None if known is None else Checkpoint.of_note(known.note)
    head = check_growth(submission, known=before)
    if known is not None and head == before and (signed := line_of(known.note, cosigner.verifier)):
        return signed
    line = cosigner.cosign(head.body(), at=at)
    if known is None:
        desk.add(WitnessedLedger(key=key, note=note + line))
    else:
        desk.change(known, note=note + line)
    return line
