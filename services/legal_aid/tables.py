"""The tables of legal aid, in a registry of their own: they never appear in another agency's database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

MAPPERS = registry()


class LegalAidRow(SQLModel, registry=MAPPERS):
    """Base of this sector's rows."""


#: Which rows keep each kind of record.
ROWS: Final[Mapping[type[Any], type[Any]]] = {}
