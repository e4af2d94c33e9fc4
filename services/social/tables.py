"""The tables of social services, in a registry of their own: they never appear in another agency's database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.social import records
from shared.agency.columns import bytes_column
from shared.storage.history import new_tables

MAPPERS = registry(metadata=new_tables("social", __file__))


class SocialRow(SQLModel, registry=MAPPERS):
    """Base of this sector's rows."""


class PlaceRow(SocialRow, table=True):
    """A place with beds."""

    __tablename__ = "safe_places"
    place_id: str = Field(primary_key=True)
    code: str = Field(index=True)
    kind: str
    added_at: str
    actor: str
    wrapped_key: bytes = bytes_column(nullable=False)
    whereabouts: bytes = bytes_column(nullable=False)


class HouseMemberRow(SocialRow, table=True):
    """Somebody of the staff of a place."""

    __tablename__ = "house_members"
    key: str = Field(primary_key=True)
    place_id: str = Field(index=True)
    actor: str
    since: str


class BedRow(SocialRow, table=True):
    """A bed as it stands."""

    __tablename__ = "beds"
    bed_id: str = Field(primary_key=True)
    place_id: str = Field(index=True)
    kind: str
    state: str
    turn: int
    booking: str | None = Field(default=None, index=True)
    until: str | None = None


class BedTurnRow(SocialRow, table=True):
    """One change of a bed."""

    __tablename__ = "bed_turns"
    key: str = Field(primary_key=True)
    bed_id: str = Field(index=True)
    turn: int
    state: str
    booking: str | None = None
    actor: str
    at: str


class BookingRow(SocialRow, table=True):
    """The beds of a referral."""

    __tablename__ = "bed_bookings"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    number: int
    place_id: str
    state: str
    actor: str
    at: str
    until: str | None = None
    lease_id: str | None = None
    leaving: str | None = None


class RiskAssessmentRow(SocialRow, table=True):
    """An assessment of risk."""

    __tablename__ = "risk_assessments"
    assessment_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class SafetyPlanRow(SocialRow, table=True):
    """A version of a safety plan."""

    __tablename__ = "safety_plans"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    version: int
    at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class PlanCopyRow(SocialRow, table=True):
    """A copy she was given."""

    __tablename__ = "safety_plan_copies"
    copy_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    version: int
    way: str
    at: str
    actor: str


class ManagedCaseRow(SocialRow, table=True):
    """A case that is led here."""

    __tablename__ = "managed_cases"
    referral_id: str = Field(primary_key=True)
    subject: str
    opened_at: str
    actor: str
    closed_at: str | None = None
    closure: str | None = None


class LeadTurnRow(SocialRow, table=True):
    """Who leads from a time on."""

    __tablename__ = "case_leads"
    key: str = Field(primary_key=True)
    subject: str = Field(index=True)
    turn: int
    referral_id: str = Field(index=True)
    lead: str | None = None
    actor: str
    at: str
    why: str | None = None


class CasePlanRow(SocialRow, table=True):
    """A version of the plan of a case."""

    __tablename__ = "case_plans"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    version: int
    at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class CaseReviewRow(SocialRow, table=True):
    """A review of a case."""

    __tablename__ = "case_reviews"
    review_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class ChildFormRow(SocialRow, table=True):
    """A form about a child in danger."""

    __tablename__ = "child_forms"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    form: str
    number: int
    at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class ChildDecisionRow(SocialRow, table=True):
    """A decision about a child."""

    __tablename__ = "child_decisions"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    number: int
    decision: str
    decided_at: str
    decided_by: str
    commune: str
    recorded_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)
    stay_from: str | None = None
    stay_until: str | None = None
    longer_by: str | None = None
    ended_at: str | None = None
    ended_to: str | None = None


class HotlineCopyRow(SocialRow, table=True):
    """A copy to hotline 111."""

    __tablename__ = "hotline_copies"
    copy_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str


class ReceptionRow(SocialRow, table=True):
    """A reception."""

    __tablename__ = "receptions"
    referral_id: str = Field(primary_key=True)
    at: str
    actor: str
    offence_or_immigration: bool


class StatusTurnRow(SocialRow, table=True):
    """A decision on a status."""

    __tablename__ = "trafficking_statuses"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    number: int
    status: str
    decided_by: str
    at: str
    actor: str


class SupportGivenRow(SocialRow, table=True):
    """A support that was given."""

    __tablename__ = "supports_given"
    support_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    support: str
    at: str
    actor: str


class SupportBookingRow(SocialRow, table=True):
    """A booked interpreter, companion or transport."""

    __tablename__ = "support_bookings"
    booking_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    kind: str
    at: str
    actor: str
    starts_at: str
    content: bytes = bytes_column(nullable=False)
    settled_at: str | None = None
    provided: bool | None = None


#: Which rows keep each kind of record.
ROWS: Final[Mapping[type[Any], type[Any]]] = {
    records.Place: PlaceRow,
    records.HouseMember: HouseMemberRow,
    records.Bed: BedRow,
    records.BedTurn: BedTurnRow,
    records.Booking: BookingRow,
    records.RiskAssessment: RiskAssessmentRow,
    records.SafetyPlan: SafetyPlanRow,
    records.PlanCopy: PlanCopyRow,
    records.ManagedCase: ManagedCaseRow,
    records.LeadTurn: LeadTurnRow,
    records.CasePlan: CasePlanRow,
    records.CaseReview: CaseReviewRow,
    records.ChildForm: ChildFormRow,
    records.ChildDecision: ChildDecisionRow,
    records.HotlineCopy: HotlineCopyRow,
    records.Reception: ReceptionRow,
    records.StatusTurn: StatusTurnRow,
    records.SupportGiven: SupportGivenRow,
    records.SupportBooking: SupportBookingRow,
}
