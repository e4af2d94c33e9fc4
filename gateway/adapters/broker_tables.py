"""The table of what the broker is believed to hold, besides the outbox."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, table_of


class BrokerCopyRow(GatewayRow, table=True):
    """A message that was published: in which stream (it may be lost and made anew), at which place, and when."""

    __tablename__ = "broker_copies"
    message_id: str = Field(primary_key=True)
    agency_id: str = Field(index=True)
    stream: str
    place: int = Field(sa_type=BigInteger)
    published_at: str


BROKER_COPIES = table_of(BrokerCopyRow)
