"""What the witnesses of the ledger have seen: asked of the gateway, and of each of them where it can be reached.

A gateway that shows one ledger to an auditor and another one to the agencies is found out here: what a witness has
cosigned must be a beginning of what the auditor is shown.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import MeshError, NotFound
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.policy import NONE, Policy, Witness
from shared.ledger.verifier import Finding
from shared.seal.cosignatures import WitnessedNote, read_witnessed
from shared.transport.peer import Peer, Reply

WITNESSED_PATH: Final = "/ledger/witnessed-checkpoint"
#: How long an entry may wait before an auditor says so: a gateway that shows no witnessed head has none to show, or
#: hides it. Its own alert waits as long.
WITNESSED_WITHIN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The head that the gateway publishes as witnessed, if it does; and what each witness itself says to have seen."""

    policy: Policy
    note: WitnessedNote | None
    own: Sequence[Checkpoint]

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The published head."""
        return None if self.note is None else Checkpoint.parse(self.note.text)

    @property
    def heads(self) -> list[Checkpoint]:
        """Everything that a later head has to begin with."""
        return [*self.own, *([self.checkpoint] if self.checkpoint else [])]

    @property
    def size(self) -> int:
        """How many entries are witnessed as the policy asks for it."""
        return self.checkpoint.size if self.note is not None and self.note.suffices and self.checkpoint else 0

    def findings(self, newest: Checkpoint, *, waited: timedelta) -> list[Finding]:
        """Return what is not as it must be beside a head that was fetched afterwards.

        `waited`: for how long the oldest entry that is not witnessed has been in the ledger.
        """
        found = []
        if self.note is not None and not self.note.suffices:
            found.append(Finding("ledger.unwitnessed", "Fewer witnesses have signed than the policy asks for."))
        if self.policy.quorum != NONE and waited > WITNESSED_WITHIN:
            minutes = WITNESSED_WITHIN // timedelta(minutes=1)
            message = f"This entry and those after it wait for the witnesses for more than {minutes} minutes."
            found.append(Finding("ledger.unwitnessed", message, self.size))
        if any(known.size > newest.size for known in self.heads):
            found.append(Finding("ledger.truncated", "A witness has seen a longer ledger than there is now."))
        return found


async def witnessed(gateway: str, policy: Policy, *, origin: str) -> Witnessed:
    """Return what was witnessed so far; a gateway that publishes nothing does not keep the witnesses from being asked.

    Raises `InputRejected` for a head that the ledger has not signed, or with a wrong signature of a witness, and as
    `Peer.call`. A witness that cannot be reached, or has nothing to show that the ledger signed, is left out.
    """
    heads = await asyncio.gather(*(_own_head(one, policy, origin) for one in policy.witnesses if one.url))
    async with Peer(gateway) as peer:
        try:
            note = read_witnessed(_text(await peer.call("GET", WITNESSED_PATH)), policy)
        except NotFound:
            note = None
    return Witnessed(policy, note, [head for head in heads if head is not None])


async def _own_head(witness: Witness, policy: Policy, origin: str) -> Checkpoint | None:
    async with Peer(witness.url or "") as peer:
        try:
            reply = await peer.call("GET", f"/{sha256_hex(origin.encode())}/checkpoint")
            return Checkpoint.parse(read_witnessed(_text(reply), policy).text)
        except MeshError:
            return None


def _text(reply: Reply) -> str:
    return reply.body.decode("utf-8", "replace")
