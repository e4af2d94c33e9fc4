"""Asking witnesses to cosign the head of the ledger (C2SP tlog-witness 1.0.0), again and again.

Nothing waits for it: a witness that is slow, away, or says no, delays no referral. Any number of processes may run it;
what a witness knows is asked of the witness itself. A head is published as witnessed when the policy's quorum has
cosigned it, and stays published until a larger one has.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Engine

from gateway.adapters.desk import SqlDesk
from gateway.adapters.ledger import StoredNodes, read_head
from gateway.adapters.witness_tables import WITNESSED_HEADS
from shared.kernel.errors import Conflict, MeshError, PeerUnavailable
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.policy import Policy, Witness
from shared.ledger.tree import consistency_proof
from shared.ledger.witness import Submission
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.cosignatures import CosignatureVerifier, cosignature_on, read_witnessed
from shared.seal.policy_file import PolicyFile
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger
from shared.transport.peer import ANY_STATUS, Peer, Reply

#: Seconds that one witness is waited for.
ANSWER_WITHIN: Final = 5.0
_OK: Final = 200
_CONFLICT: Final = 409
_NOT_NOW: Final = 500
_DIGITS_MOST: Final = 19
#: How often a witness may name another size for one head: other gateways may be showing it theirs.
_CORRECTED_MOST: Final = 5

_log = get_logger("witnessing")


class Witnessing:
    """Shows the witnesses of the policy the head of the ledger, every so many seconds, whenever it has grown."""

    def __init__(
        self,
        engine: Engine,
        *,
        writer: GroupWriter[SqlDesk],
        signer: CheckpointSigner,
        policy: PolicyFile,
        every: float,
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._signer = signer
        self._policy = policy
        self._every = every
        self._peers: dict[str, Peer] = {}
        self._known: dict[str, int] = {}
        self._unwilling: dict[str, str] = {}
        self._settled: tuple[str, Policy] | None = None

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                try:
                    await self.once()
                except MeshError as fault:
                    _log.warning("witnessing.failed", code=fault.code)
                await asyncio.sleep(self._every)
        finally:
            await asyncio.gather(*(peer.close() for peer in self._peers.values()))

    async def once(self) -> None:
        """Have the present head cosigned, unless everybody has done so; publish it when they suffice."""
        policy = await asyncio.to_thread(self._policy.read)
        if policy is None:
            return
        note = await asyncio.to_thread(self._signed_head)
        if note is None or (note, policy) == self._settled:
            return
        asked = [witness for witness in policy.witnesses if witness.url]
        lines = await asyncio.gather(*(self._cosignature(witness, note) for witness in asked))
        await self._publish(note + "".join(lines), policy)
        self._settled = (note, policy) if all(lines) else None

    def _signed_head(self) -> str | None:
        """Return the head as a signed note; None for a ledger without entries. The same head is the same note."""
        with read(self._engine) as connection:
            head = read_head(connection)
        origin = self._signer.verifier.name
        return self._signer.sign(Checkpoint(origin, head.size, head.root()).body()) if head.size else None

    async def _publish(self, note: str, policy: Policy) -> None:
        found = read_witnessed(note, policy)
        if found.witnesses and found.suffices:
            head = Checkpoint.parse(found.text)
            kept = partial(_keep, head=head, signatures=len(found.witnesses), note=note)
            await self._writer.submit(kept, prefetch=[(WITNESSED_HEADS, head.origin)])

    async def _cosignature(self, witness: Witness, note: str) -> str:
        """Return what a witness signs, or nothing; why not is logged when it is new."""
        try:
            line = await self._asked(witness, note)
        except MeshError as fault:
            if self._unwilling.get(witness.name) != fault.code:
                is_away = fault.code == "peer.unreachable"
                (_log.warning if is_away else _log.error)("witness.unwilling", agency=witness.name, code=fault.code)
            self._unwilling[witness.name] = fault.code
            return ""
        if self._unwilling.pop(witness.name, None):
            _log.info("witness.willing", agency=witness.name)
        return line

    async def _asked(self, witness: Witness, note: str) -> str:
        """Return what a witness signs; nothing when another process has shown it a later head meanwhile."""
        head = Checkpoint.of_note(note)
        reply = await self._submitted(witness, note, old=min(self._known.get(witness.name, 0), head.size))
        for _ in range(_CORRECTED_MOST):
            if reply.status != _CONFLICT:
                break
            if (known := _size(reply)) > head.size:
                return await self._overtaken(known)
            reply = await self._submitted(witness, note, old=known)
        if reply.status >= _NOT_NOW:
            raise PeerUnavailable("peer.unreachable", "A witness cannot answer now.")
        if reply.status != _OK:
            raise PeerUnavailable("witness.refused", "A witness does not cosign the head of the ledger.")
        verifier = CosignatureVerifier.from_vkey(witness.vkey)
        line = cosignature_on(head.body(), reply.body.decode("utf-8", "replace"), verifier)
        self._known[witness.name] = head.size
        return line

    async def _overtaken(self, known: int) -> str:
        """Return nothing, if the ledger has so many entries by now. Raises `Conflict` (`witness.ahead`)."""
        if known > await asyncio.to_thread(self._size_now):
            raise Conflict("witness.ahead", "A witness has cosigned a longer ledger than this one.")
        return ""

    def _size_now(self) -> int:
        with read(self._engine) as connection:
            return read_head(connection).size

    async def _submitted(self, witness: Witness, note: str, *, old: int) -> Reply:
        proof = await asyncio.to_thread(self._proof, old, Checkpoint.of_note(note).size)
        body = Submission(old, tuple(proof), note).text().encode()
        plain = {"content-type": "text/plain; charset=utf-8", "accept": "*/*"}
        peer, asked = self._peer_at(witness.url or ""), "/add-checkpoint"
        return await peer.call("POST", asked, content=body, headers=plain, timeout=ANSWER_WITHIN, answers=ANY_STATUS)

    def _peer_at(self, url: str) -> Peer:
        if url not in self._peers:
            self._peers[url] = Peer(url)
        return self._peers[url]

    def _proof(self, old: int, size: int) -> Sequence[bytes]:
        with read(self._engine) as connection:
            return consistency_proof(old, size, StoredNodes(connection))


def _size(reply: Reply) -> int:
    """Return the size that a witness says to know. Raises `PeerUnavailable` (`witness.refused`)."""
    text = reply.body.decode("ascii", "replace").removesuffix("\n")
    if not text.isdecimal() or len(text) > _DIGITS_MOST:
        raise PeerUnavailable("witness.refused", "A witness does not say what it knows.")
    return int(text)


def _keep(desk: SqlDesk, *, head: Checkpoint, signatures: int, note: str) -> None:
    """Keep a head that suffices, unless another process has kept a better one."""
    known = desk.book.get(WITNESSED_HEADS, head.origin)
    if known is None:
        row = {"origin": head.origin, "size": head.size, "signatures": signatures, "note": note}
        desk.book.insert(WITNESSED_HEADS, row)
    elif (head.size, signatures) > (known["size"], known["signatures"]):
        desk.book.update(WITNESSED_HEADS, head.origin, size=head.size, signatures=signatures, note=note)
