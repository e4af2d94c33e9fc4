"""The tables of health services, in a registry of their own: they never appear in another agency's database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.health import records
from shared.agency.columns import bytes_column
from shared.storage.history import new_tables

MAPPERS = registry(metadata=new_tables("health", __file__))


class HealthRow(SQLModel, registry=MAPPERS):
    """Base of this sector's rows."""


class IncidentTimeRow(HealthRow, table=True):
    """When it happened."""

    __tablename__ = "incident_times"
    record_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    recorded_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class AssessmentRow(HealthRow, table=True):
    """What she needs of the things that have a time."""

    __tablename__ = "assessments"
    assessment_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    assessed_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class CareRow(HealthRow, table=True):
    """A dose, a test or an observation."""

    __tablename__ = "care"
    care_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    given_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class ForensicConsentRow(HealthRow, table=True):
    """Her answer about evidence."""

    __tablename__ = "forensic_consents"
    consent_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    answered_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class ExaminationRow(HealthRow, table=True):
    """A forensic examination."""

    __tablename__ = "examinations"
    examination_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    examined_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class SpecimenRow(HealthRow, table=True):
    """A specimen as it was collected."""

    __tablename__ = "specimens"
    specimen_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    collected_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class HandOverRow(HealthRow, table=True):
    """One link of the chain of custody."""

    __tablename__ = "hand_overs"
    key: str = Field(primary_key=True)
    hand_over_id: str
    referral_id: str = Field(index=True)
    sequence: int
    handed_to: str
    sha256: str
    event_id: str
    event: str
    content: bytes = bytes_column(nullable=False)


class FirstLineSupportRow(HealthRow, table=True):
    """First-line support as it was given."""

    __tablename__ = "first_line_supports"
    support_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    began_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


class TickRow(HealthRow, table=True):
    """Her word that results of one kind may leave for one recipient."""

    __tablename__ = "ticks"
    tick_id: str = Field(primary_key=True)
    consent_id: str = Field(index=True)
    recipient: str
    kind: str
    ticked_at: str
    actor: str
    taken_back_at: str | None = None


class CertificateRow(HealthRow, table=True):
    """An injury certificate."""

    __tablename__ = "certificates"
    certificate_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    subject: str = Field(index=True)
    issued_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)
    given_to_her_at: str | None = None
    sent_first_at: str | None = None


#: Which rows keep each kind of record.
ROWS: Final[Mapping[type[Any], type[Any]]] = {
    records.IncidentTime: IncidentTimeRow,
    records.Assessment: AssessmentRow,
    records.Care: CareRow,
    records.ForensicConsent: ForensicConsentRow,
    records.Examination: ExaminationRow,
    records.SpecimenTaken: SpecimenRow,
    records.HandOver: HandOverRow,
    records.FirstLineSupport: FirstLineSupportRow,
    records.Tick: TickRow,
    records.Certificate: CertificateRow,
}
