"""The table of what a witness remembers."""

from typing import Final

from sqlmodel import Field

from shared.agency.columns import text_column
from shared.agency.tables import AgencyRow, table_of


class WitnessedLedgerRow(AgencyRow, table=True):
    """The largest head of a ledger that was cosigned here."""

    __tablename__ = "witnessed_ledgers"
    key: str = Field(primary_key=True)
    note: str = text_column()


WITNESSED_LEDGERS: Final = table_of(WitnessedLedgerRow)
