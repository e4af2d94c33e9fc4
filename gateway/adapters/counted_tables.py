"""The tables of what is counted: facts that events said, until their quarter is counted, and the counts themselves."""

from typing import Any

from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, json_column, table_of


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
    counts: dict[str, Any] = json_column()


EVENT_MARKS = table_of(EventMarkRow)
RELEASES = table_of(ReleaseRow)
