"""The tables of what is counted: facts that events said, until their quarter is counted, and the counts themselves."""

from typing import Any

from sqlalchemy import JSON, Column, Table
from sqlmodel import Field

from gateway.adapters.columns import GatewayRow


class EventMarkRow(GatewayRow, table=True):
    """A coded fact that an event said: never words, never who."""

    __tablename__ = "event_marks"
    message_id: str = Field(primary_key=True)
    referral_id: str
    chain_id: str = Field(index=True)
    event: str
    value: str
    at: str = Field(index=True)


class ReleaseRow(GatewayRow, table=True):
    """What was counted of a quarter, once and for all."""

    __tablename__ = "releases"
    period: str = Field(primary_key=True)
    counted_at: str
    counts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


def _table(row: type[GatewayRow]) -> Table:
    table: Table = row.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return table


EVENT_MARKS = _table(EventMarkRow)
RELEASES = _table(ReleaseRow)
