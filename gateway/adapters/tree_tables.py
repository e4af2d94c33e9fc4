"""The tables of the ledger's tree: hashes that are kept beside its entries, so that a proof need not read them all."""

from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, table_of


class LedgerTileRow(GatewayRow, table=True):
    """The hash of one full tile of 256 hashes (C2SP tlog-tiles): `level` 1 covers 256 leaves."""

    __tablename__ = "ledger_tiles"
    key: str = Field(primary_key=True)  # level "/" number
    level: int
    number: int
    hash: str


class LedgerGroupRow(GatewayRow, table=True):
    """The root of sixteen leaves: a path reads these where it would read all the leaves of a tile."""

    __tablename__ = "ledger_groups"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: str


LEDGER_TILES = table_of(LedgerTileRow)
LEDGER_GROUPS = table_of(LedgerGroupRow)
