"""The tables of the police, in a registry of their own: they never appear in another agency's database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.police import records
from shared.agency.tables import bytes_column

MAPPERS = registry()


class PoliceRow(SQLModel, registry=MAPPERS):
    """Base of this sector's rows."""


class NeedsCheckRow(PoliceRow, table=True):
    """What she needed before she was asked anything."""

    __tablename__ = "needs_checks"
    check_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    checked_at: str
    actor: str
    content: bytes = bytes_column(nullable=False)


#: Which rows keep each kind of record.
ROWS: Final[Mapping[type[Any], type[Any]]] = {
    records.NeedsCheck: NeedsCheckRow,
}
