"""What a witness is sent, and when it may agree (C2SP tlog-witness 1.0.0).

A witness remembers of each ledger the largest head that it has cosigned, and cosigns another one only when that is
proved to begin with it. Checking signatures, and remembering, is others' business.
"""

import base64
import re
from dataclasses import dataclass
from typing import Final, Self

from shared.kernel.errors import Conflict, InputRejected
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.proofs import verify_consistency
from shared.ledger.tree import EMPTY_ROOT

_HEAD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n")


@dataclass(frozen=True, slots=True)
class Submission:
    """A signed head, the size that its sender believes the witness to know, and the proof from there to here."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """Return the body of the request."""
        lines = [f"old {self.old}", *(base64.b64encode(node).decode("ascii") for node in self.proof)]
        return "\n".join([*lines, "", self.note])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the body of a request. Raises `InputRejected` (`witness.malformed`)."""
        head = _HEAD.match(text)
        if head is None:
            raise InputRejected(
                "witness.malformed", "Send: old SIZE, the lines of the proof, an empty line, the signed checkpoint."
            )
        return cls(int(head[1]), tuple(base64.b64decode(line) for line in head[2].splitlines()), text[head.end() :])

    def checkpoint(self) -> Checkpoint:
        """Return the head, signed or not. Raises `InputRejected` (`ledger.checkpoint`)."""
        return Checkpoint.of_note(self.note)


class MovedOn(Conflict):
    """The witness knows another size than the one the proof begins with: `size`."""

    def __init__(self, size: int) -> None:
        super().__init__("witness.moved-on", "Prove it from the size that this witness has cosigned last.")
        self.size = size


def check_growth(submission: Submission, *, known: Checkpoint | None) -> Checkpoint:
    """Return the head, if a witness that has cosigned `known` last may cosign it.

    Raises `InputRejected`: `ledger.checkpoint`; `witness.size` when the proof would lead backwards;
    `witness.inconsistent` when the ledger does not begin with what is known of it: history was rewritten, or the
    proof is wrong. Raises `MovedOn` when the proof begins elsewhere.
    """
    head = submission.checkpoint()
    if submission.old > head.size:
        raise InputRejected("witness.size", "The old size is larger than that of the checkpoint.")
    if submission.old != (known.size if known else 0):
        raise MovedOn(known.size if known else 0)
    grown = verify_consistency(
        first=submission.old,
        second=head.size,
        first_root=known.root if known else EMPTY_ROOT,
        second_root=head.root,
        proof=submission.proof,
    )
    if not grown:
        raise InputRejected("witness.inconsistent", "It is not proved that the ledger begins with what is known of it.")
    return head
