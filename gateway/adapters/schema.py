"""All tables of the gateway, to be made or brought forward together."""

from typing import Final

from gateway.adapters import (
    broker_tables,
    counted_tables,
    kept_tables,
    number_tables,
    refused_messages,
    tables,
    tree_tables,
    witness_tables,
)
from gateway.adapters.columns import MAPPERS

#: The modules that declare tables; importing them is what makes `METADATA` whole.
DECLARED_IN: Final = (
    tables,
    counted_tables,
    broker_tables,
    refused_messages,
    kept_tables,
    tree_tables,
    number_tables,
    witness_tables,
)
METADATA: Final = MAPPERS.metadata
