"""What the gateway's tables are made from: one registry with one history, columns for documents and long texts."""

from typing import Any

from sqlalchemy import JSON, Column, Table, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.storage.history import new_tables
from shared.storage.shape import KEPT

_ONLY_ADDED = ("ledger_entries", "ledger_tiles", "ledger_groups", "oversight_readings")
MAPPERS = registry(metadata=new_tables("gateway", __file__, append_only=_ONLY_ADDED))


class GatewayRow(SQLModel, registry=MAPPERS):
    """Base of the gateway's rows, with a registry of its own."""


def json_column(*, nullable: bool = False) -> Any:
    """Return a column for a document."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=nullable))


def text_column(*, nullable: bool = False) -> Any:
    """Return a column for a text of any length."""
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


def table_of(row: type[GatewayRow], *, kept: bool = False) -> Table:
    """Return the table of a row; `kept`: its rows are read often, and seldom change."""
    table: Table = row.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    table.info[KEPT] = kept
    return table
