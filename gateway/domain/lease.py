"""A lease: one place of a service, held for an agency for minutes while a survivor decides.

A lease takes one of the places its agency stated until it is released or runs out. Once a referral has used
it, it takes the place until the agency states its capacity anew after deciding on that referral (its own
count then knows whether she is there), or until it is plain that she will not come. Doubt counts as
taken, so that no place is ever promised twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.agency import Agency, Availability
from gateway.domain.referral import UNDECIDED
from shared.sop.model import ReferralState

#: Nobody decides longer than this with a bed held for her; after that it is asked for again.
LONGEST_MINUTES = 60
#: How many unused leases one agency may have on a service of a protected site: more would let it count the places.
PROTECTED_MOST = 1

#: A referral that ended so brings nobody; after any other end she may be there.
_NOBODY_COMES: frozenset[ReferralState] = frozenset(
    {
        ReferralState.DECLINED,
        ReferralState.EXPIRED,
        ReferralState.CANCELLED,
        ReferralState.ENTERED_IN_ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class Lease:
    """One held place. `expires_at` is wire text; `referral_id` is set once a referral has used it."""

    id: str
    agency_id: str
    service_type: str
    holder: str
    subject: str | None
    expires_at: str
    referral_id: str | None = None

    def is_held(self, *, at: str) -> bool:
        """Say whether it may still be used or released."""
        return self.referral_id is None and self.expires_at > at


@dataclass(frozen=True, slots=True)
class Standing:
    """A lease, and in which state the referral is that used it (None: none did)."""

    lease: Lease
    referral_state: ReferralState | None = None

    def takes_place(self, *, at: str) -> bool:
        """Say whether the lease takes one of the places its agency stated."""
        if self.lease.referral_id is None:
            return self.lease.is_held(at=at)
        return self.referral_state is not None and self.referral_state not in _NOBODY_COMES

    @property
    def is_decided(self) -> bool:
        """Say whether it was used and decided on: what the agency states from now on has her counted."""
        return self.lease.referral_id is not None and self.referral_state not in UNDECIDED


def places_taken(standings: Iterable[Standing], *, at: str) -> int:
    """Return how many places the leases take."""
    return sum(standing.takes_place(at=at) for standing in standings)


def has_place(
    agency: Agency, stated: Availability | None, standings: Sequence[Standing], *, holder: str, at: str
) -> bool:
    """Say whether `holder` may hold one more place. An agency that counts no places has none to hold."""
    if stated is None or not stated.accepting or stated.capacity is None:
        return False
    own = sum(standing.lease.holder == holder and standing.lease.is_held(at=at) for standing in standings)
    if agency.protected and own >= PROTECTED_MOST:
        return False
    return places_taken(standings, at=at) < stated.capacity
