"""What the police keep of a case, as plain frozen values: one class per table, one field per column.

Times are wire text. Anything about a person is in a `bytes` field, encrypted under the key of her referral.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsCheck:
    """What she needed before she was asked anything; the latest of a referral counts."""

    check_id: str
    referral_id: str
    checked_at: str
    actor: str
    content: bytes  # the answers by need
