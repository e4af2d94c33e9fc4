"""One entry proved by one file (C2SP tlog-proof, v1): its place, the path to the root, the signed checkpoint.

Whoever has the text of the entry, this file and the key of the log needs nothing else: no network, no other entry.
Promises that a file has one spelling. Whether the checkpoint is signed is not looked at here; that is `shared.seal`'s.
"""

import base64
import re
from dataclasses import dataclass
from typing import Final, Self

from shared.kernel.errors import InputRejected
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.proofs import verify_inclusion

#: The first line of such a file.
HEADER: Final = "c2sp.org/tlog-proof@v1"

_HEAD: Final = re.compile(
    re.escape(HEADER) + r"\n(?:extra [A-Za-z0-9+/=]+\n)?index (0|[1-9][0-9]{0,18})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n"
)


@dataclass(frozen=True, slots=True)
class ProofFile:
    """Where an entry stands, its path from the leaf to the root, and the checkpoint as it was signed."""

    index: int
    proof: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """Return the file."""
        lines = [HEADER, f"index {self.index}", *(base64.b64encode(node).decode("ascii") for node in self.proof)]
        return "\n".join([*lines, "", self.note])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file; data of other applications in it is skipped. Raises `InputRejected` (`ledger.proof`)."""
        head = _HEAD.match(text)
        if head is None:
            raise InputRejected("ledger.proof", "This is not a proof of an entry of a ledger.")
        proof = tuple(base64.b64decode(line) for line in head[2].splitlines())
        return cls(int(head[1]), proof, text[head.end() :])

    def checkpoint(self) -> Checkpoint:
        """Return what the entry is proved to be in. Raises `InputRejected` (`ledger.checkpoint`)."""
        return Checkpoint.of_note(self.note)

    def proves(self, leaf: bytes) -> bool:
        """Say whether the leaf with this hash is in the checkpoint, at this place. Raises as `checkpoint`."""
        known = self.checkpoint()
        return verify_inclusion(leaf, index=self.index, size=known.size, proof=self.proof, root=known.root)
