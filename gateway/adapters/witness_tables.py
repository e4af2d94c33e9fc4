"""The table of what witnesses have cosigned, and how it is read."""

from sqlalchemy import Connection, select
from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, table_of, text_column
from shared.ledger.checkpoint import Checkpoint, text_of_note


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


def witnessed_checkpoint(connection: Connection, origin: str) -> Checkpoint | None:
    """Return what that head says."""
    note = witnessed_note(connection, origin)
    return None if note is None else Checkpoint.parse(text_of_note(note))
