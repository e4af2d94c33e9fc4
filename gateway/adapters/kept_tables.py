"""The table of chains that are not forgotten."""

from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, table_of


class KeptChainRow(GatewayRow, table=True):
    """A chain that an operator keeps: why, as a code, and when to look again (a day)."""

    __tablename__ = "kept_chains"
    chain_id: str = Field(primary_key=True)
    reason: str
    review_on: str
    kept_at: str


KEPT_CHAINS = table_of(KeptChainRow)
