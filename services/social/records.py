"""What social services keep of a case, as plain frozen values: one class per table, one field per column.

Times are wire text. Anything about a person is in a `bytes` field, encrypted under the key of her referral; where a
place is, is encrypted under a key of that place.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A shelter, facility or trusted address. `code` is its name among staff; where it is, only its house can read."""

    place_id: str
    code: str
    kind: str
    added_at: str
    actor: str
    wrapped_key: bytes
    whereabouts: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseMember:
    """Somebody who belongs to the staff of a place, as a pseudonym."""

    key: str  # place id "/" actor
    place_id: str
    actor: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """A bed, and how it stands after its latest turn."""

    bed_id: str
    place_id: str
    kind: str
    state: str
    turn: int
    booking: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BedTurn:
    """One change of a bed. Whoever writes the same turn second is refused, in any process: no bed is given twice."""

    key: str  # bed id "/" turn
    bed_id: str
    turn: int
    state: str
    booking: str | None
    actor: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The beds that a referral holds or takes in one place, and what became of that."""

    key: str  # referral id "/" number
    referral_id: str
    number: int
    place_id: str
    state: str
    actor: str
    at: str
    until: str | None = None
    lease_id: str | None = None
    leaving: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAssessment:
    """One assessment of her risk; all are kept."""

    assessment_id: str
    referral_id: str
    at: str
    actor: str
    content: bytes  # tool, version, reading, band


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPlan:
    """One version of her safety plan; all are kept."""

    key: str  # referral id "/" version
    referral_id: str
    version: int
    at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCopy:
    """That she was given a version of her plan, and how."""

    copy_id: str
    referral_id: str
    version: int
    way: str
    at: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedCase:
    """A case that is led here; one for each referral of case management."""

    referral_id: str
    subject: str
    opened_at: str
    actor: str
    closed_at: str | None = None
    closure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTurn:
    """Who leads a person's case from a time on; nobody (`lead` None) once it is closed."""

    key: str  # subject "/" turn
    subject: str
    turn: int
    referral_id: str
    lead: str | None
    actor: str
    at: str
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlan:
    """One version of the plan of a case."""

    key: str  # referral id "/" version
    referral_id: str
    version: int
    at: str
    actor: str
    content: bytes  # goals


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReview:
    """One review of a case."""

    review_id: str
    referral_id: str
    at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildForm:
    """A form about a child in danger, as far as it was known; the latest of its kind counts."""

    key: str  # referral id "/" form "/" number
    referral_id: str
    form: str
    number: int
    at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildDecision:
    """What the chair of the commune decided about a child, and the stay that was ordered."""

    key: str  # referral id "/" number
    referral_id: str
    number: int
    decision: str
    decided_at: str
    decided_by: str
    commune: str
    recorded_at: str
    actor: str
    content: bytes
    stay_from: str | None = None
    stay_until: str | None = None
    longer_by: str | None = None
    ended_at: str | None = None
    ended_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HotlineCopy:
    """That hotline 111 was told of a child's case that crosses provinces."""

    copy_id: str
    referral_id: str
    at: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """That somebody who may have been trafficked was received."""

    referral_id: str
    at: str
    actor: str
    offence_or_immigration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTurn:
    """One decision on somebody's status as a victim of trafficking; the latest counts."""

    key: str  # referral id "/" number
    referral_id: str
    number: int
    status: str
    decided_by: str
    at: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportGiven:
    """A support that was given."""

    support_id: str
    referral_id: str
    support: str
    at: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportBooking:
    """An interpreter, companion or transport that was booked; `provided` once it is known."""

    booking_id: str
    referral_id: str
    kind: str
    at: str
    actor: str
    starts_at: str
    content: bytes  # who comes, where to
    settled_at: str | None = None
    provided: bool | None = None
