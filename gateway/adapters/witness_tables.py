"""The table of what witnesses have cosigned, and how it is read."""

from sqlalchemy import Connection, select
from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, table_of, text_column


class WitnessedHeadRow(GatewayRow, table=True):
    """The largest head of the ledger that a quorum has cosigned, with their signatures; a later one takes its place."""

    __tablename__ = "witnessed_heads"
    origin: str = Field(primary_key=True)
    size: int
    signatures: int
    note: str = text_column()


WITNESSED_HEADS = table_of(WitnessedHeadRow)


def witnessed_note(connection: Connection, origin: str) -> str | None:
    """Return the largest head that a quorum has cosigned, as a signed note."""
    heads = WITNESSED_HEADS.c
    return connection.execute(select(heads.note).where(heads.origin == origin)).scalar_one_or_none()


def witnessed_size(connection: Connection, origin: str) -> int:
    """Return how many entries that head has; 0 as long as there is none."""
    heads = WITNESSED_HEADS.c
    return connection.execute(select(heads.size).where(heads.origin == origin)).scalar() or 0
