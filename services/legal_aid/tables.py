"""The tables of legal aid, in a registry of their own: they never appear in another agency's database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.legal_aid import records
from shared.agency.columns import bytes_column
from shared.storage.history import new_tables

MAPPERS = registry(metadata=new_tables("legal_aid", __file__))


class LegalAidRow(SQLModel, registry=MAPPERS):
    """Base of this sector's rows."""


class PartyEntryRow(LegalAidRow, table=True):
    """Somebody of a case, as a keyed digest."""

    __tablename__ = "party_entries"
    entry_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    digest: str = Field(index=True)


class IntakeRow(LegalAidRow, table=True):
    """That a case was taken or handed over."""

    __tablename__ = "intakes"
    intake_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    sender: str = Field(index=True)
    at: str
    actor: str
    taken: bool
    alternative: str | None = None


class EligibilityRow(LegalAidRow, table=True):
    """The answer to her request."""

    __tablename__ = "eligibility_answers"
    answer_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    decision: str
    content: bytes = bytes_column(nullable=False)


class AssignmentRow(LegalAidRow, table=True):
    """Who stands beside her."""

    __tablename__ = "assignments"
    assignment_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    assigned: str
    staff_gender: str
    answer: str


class ProceedingRow(LegalAidRow, table=True):
    """A case in court or before an authority."""

    __tablename__ = "proceedings"
    proceeding_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    kind: str
    between_parties: bool
    pending: bool
    content: bytes = bytes_column(nullable=False)


class DeadlineRow(LegalAidRow, table=True):
    """A deadline of proceedings."""

    __tablename__ = "deadlines"
    deadline_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    term: str
    due_on: str
    ended: str | None = None


class CourtOrderRow(LegalAidRow, table=True):
    """An application for a court's no-contact order."""

    __tablename__ = "court_orders"
    order_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    state: str
    reference: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class HearingRow(LegalAidRow, table=True):
    """A hearing."""

    __tablename__ = "hearings"
    hearing_id: str = Field(primary_key=True)
    uid: str
    referral_id: str = Field(index=True)
    actor: str
    starts_at: str
    ends_at: str
    changed_at: str
    state: str = Field(index=True)
    sequence: int
    companion: str
    content: bytes = bytes_column(nullable=False)


class ClaimRow(LegalAidRow, table=True):
    """A claim for compensation."""

    __tablename__ = "claims"
    claim_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    way: str
    state: str
    content: bytes = bytes_column(nullable=False)


class ExposureRow(LegalAidRow, table=True):
    """What points to trafficking, and what she could be punished for."""

    __tablename__ = "exposures"
    exposure_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class OfferRow(LegalAidRow, table=True):
    """A service that was offered to her."""

    __tablename__ = "offers"
    offer_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    service_type: str
    answer: str | None = None
    answered_at: str | None = None


class ComplaintRow(LegalAidRow, table=True):
    """A complaint."""

    __tablename__ = "complaints"
    complaint_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    at: str
    actor: str
    handler: str
    content: bytes = bytes_column(nullable=False)


#: Which rows keep each kind of record.
ROWS: Final[Mapping[type[Any], type[Any]]] = {
    records.PartyEntry: PartyEntryRow,
    records.Intake: IntakeRow,
    records.Eligibility: EligibilityRow,
    records.Assignment: AssignmentRow,
    records.Proceeding: ProceedingRow,
    records.Deadline: DeadlineRow,
    records.CourtOrder: CourtOrderRow,
    records.Hearing: HearingRow,
    records.Claim: ClaimRow,
    records.Exposure: ExposureRow,
    records.Offer: OfferRow,
    records.Complaint: ComplaintRow,
}
