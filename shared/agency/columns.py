"""The columns that the tables of an agency and of its sector are made of, beside plain text and numbers."""

from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, Text
from sqlmodel import Field


def json_column(*, nullable: bool = False) -> Any:
    """Return a column of JSON."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=nullable))


def text_column(*, nullable: bool = False) -> Any:
    """Return a column of text of any length."""
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


def bytes_column(*, nullable: bool = True) -> Any:
    """Return a column of encrypted content, or of a wrapped key."""
    return Field(default=None, sa_column=Column(LargeBinary, nullable=nullable))
