"""The tables of accounts and sessions, the same at every deployable. Rows never leave the adapter."""

from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, MetaData, Table
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.storage.history import new_tables

MAPPERS = registry(metadata=new_tables("people", __file__))
METADATA: MetaData = MAPPERS.metadata


class PeopleRow(SQLModel, registry=MAPPERS):
    """Base of the rows, with a registry of its own."""


class AccountRow(PeopleRow, table=True):
    """A person who may sign in."""

    __tablename__ = "accounts"
    account_id: str = Field(primary_key=True)
    login: str = Field(unique=True)
    name: str
    role: str
    pseudonym: str = Field(unique=True)
    gender: str | None = None
    languages: list[str] = Field(sa_column=Column(JSON, nullable=False))
    unit: str | None = None
    language: str
    password_hash: str | None = None
    provisional: bool = False
    oidc_subject: str | None = Field(default=None, unique=True)
    totp: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    totp_step: int = 0
    failures: int = 0
    held_until: str | None = None
    disabled_at: str | None = None
    created_at: str


class SessionRow(PeopleRow, table=True):
    """A browser somebody is signed in with."""

    __tablename__ = "sessions"
    key: str = Field(primary_key=True)
    account_id: str = Field(index=True)
    csrf: str
    created_at: str
    seen_at: str
    ends_at: str = Field(index=True)
    locked: bool = False


class OccasionRow(PeopleRow, table=True):
    """An entry in the journal of accounts."""

    __tablename__ = "occasions"
    occasion_id: str = Field(primary_key=True)
    at: str
    what: str
    account_id: str | None = Field(default=None, index=True)
    by: str | None = None


def _table(row: Any) -> Table:
    table: Table = row.__table__
    return table


ACCOUNTS, SESSIONS, OCCASIONS = _table(AccountRow), _table(SessionRow), _table(OccasionRow)
