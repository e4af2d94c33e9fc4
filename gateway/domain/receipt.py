"""What a recipient signs of a delivered message (wire section 6)."""

from dataclasses import dataclass
from typing import Final

from gateway.domain.withdrawal import SignedAnswer

STORED: Final = "stored"


@dataclass(frozen=True, slots=True)
class ReceiptGiven:
    """What a recipient signed of one delivered message. `result` is stored or rejected.

    `filed` is what is kept of its code for good: a code has room for a name, so one that is not of the contract is not.
    `signed` is its exact text with the signature over it.
    """

    agency: str
    message_id: str
    sha256: str
    result: str
    code: str | None
    filed: str
    trace_id: str
    signed: SignedAnswer
