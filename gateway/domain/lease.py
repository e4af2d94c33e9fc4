"""A lease: one place of a service, held for an agency for minutes while a survivor decides.

A lease counts against the capacity its agency stated until it is released, until it runs out, or, once a
referral has used it, until that referral has ended or the agency has both decided on the referral and
stated its capacity anew (by then its own count has her in it). Doubt counts as held, so that no place is
ever promised twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.agency import Agency, Availability
from gateway.domain.referral import UNDECIDED
from shared.sop.model import ENDS, ReferralState

#: Nobody decides longer than this with a bed held for her; after that it is asked for again.
LONGEST_MINUTES = 60
#: How many unused leases one agency may have on a service of a protected site: more would let it count the places.
PROTECTED_MOST = 1


@dataclass(frozen=True, slots=True)
class Lease:
    """One held place. Times are wire text; `referral_id` and `used_at` are set once a referral has used it."""

    id: str
    agency_id: str
    service_type: str
    holder: str
    subject: str | None
    expires_at: str
    referral_id: str | None = None
    used_at: str | None = None

    def is_held(self, *, at: str) -> bool:
        """Say whether it may still be used or released."""
        return self.referral_id is None and self.expires_at > at


@dataclass(frozen=True, slots=True)
class Standing:
    """A lease, and in which state the referral is that used it (None: none did)."""

    lease: Lease
    referral_state: ReferralState | None = None

    def counts(self, stated: Availability | None, *, at: str) -> bool:
        """Say whether the lease takes a place of what its agency stated."""
        lease = self.lease
        if lease.used_at is None:
            return lease.is_held(at=at)
        if self.referral_state is None or self.referral_state in ENDS:
            return False
        return self.referral_state in UNDECIDED or stated is None or lease.used_at >= stated.updated_at


def counted(standings: Iterable[Standing], stated: Availability | None, *, at: str) -> int:
    """Return how many places the leases take."""
    return sum(standing.counts(stated, at=at) for standing in standings)


def has_place(
    agency: Agency, stated: Availability | None, standings: Sequence[Standing], *, holder: str, at: str
) -> bool:
    """Say whether `holder` may hold one more place. An agency that counts no places has none to hold."""
    if stated is None or not stated.accepting or stated.capacity is None:
        return False
    own = sum(standing.lease.holder == holder and standing.lease.is_held(at=at) for standing in standings)
    if agency.protected and own >= PROTECTED_MOST:
        return False
    return counted(standings, stated, at=at) < stated.capacity
