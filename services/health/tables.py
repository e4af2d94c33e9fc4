"""The tables of health services, in a registry of their own: they never appear in another agency's database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.health import records
from shared.agency.tables import bytes_column

MAPPERS = registry()


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


#: Which rows keep each kind of record.
ROWS: Final[Mapping[type[Any], type[Any]]] = {
    records.IncidentTime: IncidentTimeRow,
    records.Assessment: AssessmentRow,
    records.Care: CareRow,
}
