"""All tables that every agency service has, to be made or brought forward together."""

from typing import Final

from shared.agency import tables
from shared.agency.adapters import witness_tables

#: The modules that declare tables; importing them is what makes `METADATA` whole.
DECLARED_IN: Final = (tables, witness_tables)
METADATA: Final = tables.METADATA
