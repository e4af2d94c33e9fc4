"""The tables of the police, in a registry of their own: they never appear in another agency's database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.police import records
from shared.agency.columns import bytes_column
from shared.storage.history import new_tables

MAPPERS = registry(metadata=new_tables("police", __file__))


class PoliceRow(SQLModel, registry=MAPPERS):
    """Base of this sector's rows."""


class NeedsCheckRow(PoliceRow, table=True):
    """What she needed before she was asked anything; the latest of a referral counts."""

    __tablename__ = "needs_checks"
    check_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    checked_at: str
    actor: str
    settled: bool
    content: bytes = bytes_column(nullable=False)


class AssignmentRow(PoliceRow, table=True):
    """Who was assigned to her, and how her wish for the gender was honoured; the latest of a referral counts."""

    __tablename__ = "officers"
    assignment_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    assigned_at: str
    actor: str
    officer: str
    gender: str
    wanted: str | None = None
    honoured: str
    alternative: str | None = None


class InterviewRow(PoliceRow, table=True):
    """A session in which she was asked what happened."""

    __tablename__ = "interviews"
    interview_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    chain_id: str
    subject: str = Field(index=True)
    started_at: str
    officer: str
    actor: str
    joint: bool
    content: bytes = bytes_column(nullable=False)
    ended_at: str | None = None
    ending: str | None = None
    statement_id: str | None = None
    checklist: bytes | None = bytes_column()


class StatementRow(PoliceRow, table=True):
    """A statement, by reference; its words are not here."""

    __tablename__ = "statements"
    statement_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    chain_id: str = Field(index=True)
    subject: str
    registered_at: str
    actor: str
    officer: str
    number: int
    joint: bool
    content: bytes = bytes_column(nullable=False)


class OrderRequestRow(PoliceRow, table=True):
    """A request for a no-contact order, and what the authority decided."""

    __tablename__ = "order_requests"
    request_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    asked_at: str
    asked_by: str
    actor: str
    ex_officio: bool
    renews: str | None = None
    decided: str | None = None
    decided_at: str | None = None
    office: str | None = None
    commune: str | None = None
    order_id: str | None = None
    reasons: bytes | None = bytes_column()


class OrderRow(PoliceRow, table=True):
    """A no-contact order: number and period in the clear, names and places not."""

    __tablename__ = "no_contact_orders"
    order_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    office: str
    commune: str
    reference: str
    effective_at: str
    valid_to: str
    received_at: str
    ex_officio: bool
    renews: str | None = None
    content: bytes = bytes_column(nullable=False)
    cancelled_at: str | None = None


class SupervisionRow(PoliceRow, table=True):
    """Who supervises an order; the latest of an order counts."""

    __tablename__ = "supervisions"
    supervision_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    order_id: str = Field(index=True)
    supervisor: str
    role: str
    assigned_at: str
    actor: str
    decision: str
    announced_at: str | None = None


class ExceptionalContactRow(PoliceRow, table=True):
    """Contact that was allowed while an order holds."""

    __tablename__ = "exceptional_contacts"
    contact_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    order_id: str = Field(index=True)
    begins_at: str
    ends_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class BreachRow(PoliceRow, table=True):
    """An order was broken."""

    __tablename__ = "breaches"
    breach_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    order_id: str = Field(index=True)
    happened_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class CancellationRow(PoliceRow, table=True):
    """A request to cancel an order, and what was decided."""

    __tablename__ = "cancellations"
    cancellation_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    order_id: str = Field(index=True)
    asked_at: str
    ground: str
    actor: str
    decided: str | None = None
    decided_at: str | None = None
    office: str | None = None
    reasons: bytes | None = bytes_column()


class CrimeReportRow(PoliceRow, table=True):
    """A crime report and how far it is."""

    __tablename__ = "crime_reports"
    report_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    received_at: str
    channel: str
    own_decision: bool
    actor: str
    passed_on_at: str | None = None
    passed_on_to: str | None = None
    classified_at: str | None = None
    competence: str | None = None
    found: str | None = None
    decided_at: str | None = None
    reasons: bytes | None = bytes_column()


class VerificationRow(PoliceRow, table=True):
    """Support of an initial verification of trafficking, and who leads it."""

    __tablename__ = "verifications"
    verification_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    asked_at: str
    lead: str
    province: str
    actor: str
    found: str | None = None
    found_at: str | None = None
    parts: bytes | None = bytes_column()


#: Which rows keep each kind of record.
ROWS: Final[Mapping[type[Any], type[Any]]] = {
    records.NeedsCheck: NeedsCheckRow,
    records.Assignment: AssignmentRow,
    records.Interview: InterviewRow,
    records.Statement: StatementRow,
    records.OrderRequest: OrderRequestRow,
    records.Order: OrderRow,
    records.Supervision: SupervisionRow,
    records.ExceptionalContact: ExceptionalContactRow,
    records.Breach: BreachRow,
    records.Cancellation: CancellationRow,
    records.CrimeReport: CrimeReportRow,
    records.Verification: VerificationRow,
}
