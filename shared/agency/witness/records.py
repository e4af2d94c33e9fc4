"""What a witness remembers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessedLedger:
    """The largest head of a ledger that was cosigned here: the note, with the ledger's signature and ours."""

    key: str  # SHA-256 of the ledger's origin, in hexadecimal digits
    note: str
