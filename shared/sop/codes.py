"""The codes of the procedure: the enumerations that are normative on the wire.

Every member is described for people in `shared/sop/data/names.toml` or the file of its own kind; a member
that is not is refused at loading. Rooms import these names from `shared.sop.model`.
"""

from enum import StrEnum


class Sector(StrEnum):
    """What an agency does (its function, not its legal body)."""

    POLICE = "police"
    HEALTH = "health"
    LEGAL_AID = "legal_aid"
    SOCIAL = "social"
    COORDINATION = "coordination"


class Sender(StrEnum):
    """Who may send a service type: a sector, or one of the actors outside the four sectors."""

    POLICE = "police"
    HEALTH = "health"
    LEGAL_AID = "legal_aid"
    SOCIAL = "social"
    AUTHORITY = "authority"  # chair of the commune People's Committee, or a court's decision
    HOTLINE = "hotline"
    RESCUING_FORCE = "rescuing_force"  # border guard, coast guard
    SELF = "self"  # the survivor or her representative, through any agency


class Compartment(StrEnum):
    """A part of a case that is sealed, consented to and opened on its own."""

    IDENTITY = "identity"
    CONTACT = "contact"
    DEMOGRAPHICS = "demographics"
    SAFETY = "safety"
    INCIDENT = "incident"
    MEDICAL = "medical"
    FORENSIC = "forensic"
    LEGAL = "legal"
    NEEDS = "needs"
    DEPENDANTS = "dependants"
    DOCUMENTS = "documents"
    PREFERENCES = "preferences"
    PERPETRATOR = "perpetrator"
    ATTACHMENTS = "attachments"
    NOTE = "note"  # only in notes between two caseworkers, never in a referral


class Presence(StrEnum):
    """Whether a service type needs, may have, or must not have a compartment."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


class Stage(StrEnum):
    """When the recipient may open a compartment: to decide, or only once it has accepted."""

    TRIAGE = "triage"
    ACCEPTED = "accepted"


class Urgency(StrEnum):
    """From life at risk now to long-term plans; most urgent first."""

    IMMEDIATE = "immediate"
    URGENT = "urgent"
    PROMPT = "prompt"
    STANDARD = "standard"
    PLANNED = "planned"


class AgeBand(StrEnum):
    """Age as far as routing needs it. Unknown is treated as a child."""

    UNDER_6 = "under_6"
    FROM_6 = "6_11"
    FROM_12 = "12_15"
    FROM_16 = "16_17"
    ADULT = "adult"
    UNKNOWN = "unknown"


class Grantor(StrEnum):
    """Who gave a consent: herself, or somebody for her. A role, never a name."""

    SELF = "self"
    PARENT = "parent"
    GUARDIAN = "guardian"
    LEGAL_REPRESENTATIVE = "legal_representative"
    BEST_INTEREST_DECISION = "best_interest_decision"


class Assent(StrEnum):
    """What a child said itself where somebody else consents for it: it agreed, it did not, or it cannot say."""

    VERBAL = "verbal"
    WRITTEN = "written"
    REFUSED = "refused"
    UNABLE = "unable"


class Caregiver(StrEnum):
    """Whether those who care for her are safe: all of them, the one who consents but not another, or not."""

    SAFE = "safe"
    ANOTHER_UNSAFE = "another_unsafe"
    UNSAFE = "unsafe"


class BasisKind(StrEnum):
    """On what a rule rests: statute, clinical window, international standard, or our own policy."""

    STAT = "STAT"
    CLIN = "CLIN"
    STD = "STD"
    POL = "POL"


class Confidence(StrEnum):
    """How sure we are of a basis. `unverified` must never be shown to anybody as law."""

    SOURCED = "sourced"
    RECALLED = "recalled"
    UNVERIFIED = "unverified"
    POLICY = "policy"


class LegalBasisKind(StrEnum):
    """On what a disclosure may rest."""

    CONSENT = "consent"
    VITAL_INTEREST = "vital_interest"
    LEGAL_OBLIGATION = "legal_obligation"
    STATE_FUNCTION = "state_function"
    COURT_ORDER = "court_order"
    BEST_INTEREST_CHILD = "best_interest_child"


class ClockPhase(StrEnum):
    """The four duties of a recipient that a clock watches."""

    ACKNOWLEDGE = "acknowledge"
    DECIDE = "decide"
    CONTACT = "contact"
    COMPLETE = "complete"


class ClockStart(StrEnum):
    """The event a clock runs from. Clinical windows run from the incident, never from sending (E6)."""

    SENT = "sent"
    ACCEPTED = "accepted"
    INCIDENT = "incident"


class ClockUnit(StrEnum):
    """Minutes and hours run by the clock; days end on a working day; working days skip rest days."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


class AlarmLevel(StrEnum):
    """Whose attention an alarm asks for: who does the work, who answers for it, who oversees the agencies."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    COORDINATOR = "coordinator"


class ReferralState(StrEnum):
    """Where a referral stands. The ends are listed in `ENDS`."""

    SENT = "sent"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    INFO_REQUESTED = "info_requested"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    UNREACHED = "unreached"
    COMPLETED = "completed"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"
    CLOSED = "closed"
    ENTERED_IN_ERROR = "entered_in_error"


ENDS: frozenset[ReferralState] = frozenset(
    {
        ReferralState.COMPLETED,
        ReferralState.DECLINED,
        ReferralState.FAILED,
        ReferralState.CANCELLED,
        ReferralState.WITHDRAWN,
        ReferralState.REVOKED,
        ReferralState.EXPIRED,
        ReferralState.CLOSED,
        ReferralState.ENTERED_IN_ERROR,
    }
)


class EventType(StrEnum):
    """What can happen to a referral after it was sent."""

    ACKNOWLEDGED = "acknowledged"
    INFO_REQUESTED = "info_requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SCHEDULED = "scheduled"
    STARTED = "started"
    CONTACT_ATTEMPTED = "contact_attempted"
    ON_HOLD = "on_hold"
    RESUMED = "resumed"
    COMPLETED = "completed"
    FAILED = "failed"
    SEALED = "sealed"
    RECORDED = "recorded"
    INFO_PROVIDED = "info_provided"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    ENTERED_IN_ERROR = "entered_in_error"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Party(StrEnum):
    """Who may send an event."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    GATEWAY = "gateway"
