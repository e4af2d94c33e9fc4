"""The head of the ledger as text (C2SP tlog-checkpoint): origin, size, root. Signing it is `shared.seal`'s."""

import base64
import re
from dataclasses import dataclass
from typing import Self

from shared.kernel.errors import InputRejected

_BODY = re.compile(r"([^\n]{1,255})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a ledger was at one moment: its name, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed. Raises `InputRejected` (`ledger.checkpoint`)."""
        text = f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"
        if not _BODY.fullmatch(text):
            raise _malformed()
        return text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the signed text, without signatures. Raises `InputRejected` (`ledger.checkpoint`)."""
        match = _BODY.fullmatch(text)
        if match is None:
            raise _malformed()
        checkpoint = cls(match[1], int(match[2]), base64.b64decode(match[3]))
        if checkpoint.body() != text:  # another spelling of the same root
            raise _malformed()
        return checkpoint

    @classmethod
    def of_note(cls, note: str) -> Self:
        """Read what a note says; whether anybody signed it is not looked at. Raises as `parse`."""
        return cls.parse(text_of_note(note))


def text_of_note(note: str) -> str:
    """Return the signed text of a note; whether anybody signed it is not looked at."""
    text, blank, _signatures = note.rpartition("\n\n")
    return text + "\n" if blank else note


def _malformed() -> InputRejected:
    return InputRejected("ledger.checkpoint", "This is not a checkpoint of a ledger.")
