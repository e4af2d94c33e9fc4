"""How one referral went, as far as it is counted: what was owed, what happened when, and to which parts it belongs.

Read from routing facts and the ledger alone. Population (fact sheet section 8): `gateway.domain.course.is_counted`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.period import month_of
from shared.sop.indicators import Dimension
from shared.sop.model import ClockPhase, EventType, LegalBasisKind, ReferralState, Sector

#: Grounds that are themselves in statute: these are counted without a word of hers. The others protect her alone.
STATUTORY = frozenset({LegalBasisKind.LEGAL_OBLIGATION, LegalBasisKind.STATE_FUNCTION, LegalBasisKind.COURT_ORDER})
#: A place that is no province: an agency that works in several, or one that is not known.
ELSEWHERE = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One referral. `first` and `last` say when each event happened first, and last; `stages` how each duty stood.

    `wish`, `reason`, `told` and `helped` are what events said of it; `beyond` is how many compartments were sent that
    the service does not require.
    """

    referral_id: str
    chain_id: str
    subject: str
    service: str
    sector: Sector
    urgency: str
    province: str
    agency: str
    state: ReferralState
    sent_at: datetime
    incident_at: datetime | None = None
    due: Mapping[ClockPhase, datetime] = field(default_factory=dict)
    first: Mapping[str, datetime] = field(default_factory=dict)
    last: Mapping[str, datetime] = field(default_factory=dict)
    attempts: int = 0
    compartments: int = 0
    beyond: int = 0
    wish: str | None = None
    reason: str | None = None
    told: bool | None = None
    helped: str | None = None
    replaced_by: str | None = None

    def at(self, *events: EventType) -> datetime | None:
        """Return when the first of some events happened."""
        return min((self.first[one.value] for one in events if one.value in self.first), default=None)

    def happened(self, event: EventType) -> bool:
        """Say whether an event happened at all."""
        return event.value in self.first

    @property
    def places(self) -> Mapping[Dimension, str]:
        """Return the part it belongs to along each dimension."""
        return {
            Dimension.MONTH: month_of(self.sent_at),
            Dimension.SERVICE: self.service,
            Dimension.URGENCY: self.urgency,
            Dimension.PROVINCE: self.province,
            Dimension.AGENCY: self.agency,
        }


@dataclass(frozen=True, slots=True)
class Chain:
    """The referrals of one case that are counted, in the order in which they were sent."""

    courses: Sequence[Course]

    @property
    def opening(self) -> Course:
        """Return the first one."""
        return self.courses[0]

    def named(self, referral_id: str | None) -> Course | None:
        """Return one of them by its id."""
        return next((one for one in self.courses if one.referral_id == referral_id), None)


def is_counted(
    *, state: ReferralState, kind: LegalBasisKind, purposes: Collection[str], taken_back: bool, statistics: str
) -> bool:
    """Say whether a referral belongs to the population.

    It rests on a consent to be counted that she has not wholly taken back, or on a statute; and was no error.
    """
    if state is ReferralState.ENTERED_IN_ERROR:
        return False
    if kind is LegalBasisKind.CONSENT:
        return statistics in purposes and not taken_back
    return kind in STATUTORY
