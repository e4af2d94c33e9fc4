"""Going on to the next agency by itself: how often, after which reasons for declining, and why it may not. Values.

What stands here, and on what it rests, is in `shared/sop/data/reroutes.toml`, read by `shared.sop.reroutes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.sop.cited import Basis, Name


class Stopped(StrEnum):
    """Why a referral does not go on by itself although its sender asked for that."""

    NOBODY = "nobody"
    REASON = "reason"
    LIMIT = "limit"
    AGAIN = "again"
    BLOCKED = "blocked"
    CONSENT = "consent"
    CONTENTS = "contents"
    AGENCY = "agency"
    REFUSED = "refused"
    BY_HAND = "by_hand"

    @property
    def code(self) -> str:
        """Return the code that partner systems see."""
        return f"reroute.{self.value.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class RerouteRules:
    """A referral goes on at most `most` times in a row; of declined ones, those with a reason in `declines`."""

    most: int
    declines: frozenset[str]
    why: Mapping[Stopped, Name]
    basis: Basis
