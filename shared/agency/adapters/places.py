"""Which table each kind of record lives in, and the step from row to record and back."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, TypeVar, cast

from sqlalchemy import ColumnElement, LargeBinary, MetaData, Table

from shared.agency import records, tables
from shared.agency.adapters.witness_tables import WITNESSED_LEDGERS
from shared.agency.witness.records import WitnessedLedger
from shared.kernel.errors import InternalFault

R = TypeVar("R")

#: Which class of rows keeps each kind of record: how a sector tells of its own tables.
Rows = Mapping[type[Any], type[Any]]

CHASSIS: Final[Mapping[type[Any], Table]] = {
    records.Referral: tables.REFERRALS,
    records.Reroute: tables.REROUTES,
    records.Holding: tables.HOLDINGS,
    records.Happening: tables.HAPPENINGS,
    records.Note: tables.NOTES,
    records.ConflictRecord: tables.CONFLICTS,
    records.Assignment: tables.ASSIGNMENTS,
    records.ConsentRecord: tables.CONSENTS,
    records.Letter: tables.LETTERS,
    records.Arrival: tables.ARRIVALS,
    records.Partner: tables.PARTNERS,
    records.UsedAssertion: tables.USED_ASSERTIONS,
    records.IdempotentAct: tables.IDEMPOTENT_ACTS,
    records.Visit: tables.VISITS,
    records.ActRecord: tables.ACTS,
    records.SectorClock: tables.SECTOR_CLOCKS,
    records.Conference: tables.CONFERENCES,
    records.Invitation: tables.INVITATIONS,
    records.ConferenceAction: tables.CONFERENCE_ACTIONS,
    records.Webhook: tables.WEBHOOKS,
    records.Notification: tables.NOTIFICATIONS,
    records.KnownAgency: tables.KNOWN_AGENCIES,
    records.Unsent: tables.UNSENT,
    WitnessedLedger: WITNESSED_LEDGERS,
}


#: What is carried over to a new key by name, or is that key; and what has a key of its own.
_OF_THE_CASE: Final = (tables.REFERRALS, tables.HOLDINGS, tables.NOTES, tables.UNSENT)


class Places:
    """Where each kind of record of one agency service lives: those of the chassis, and those of its sector."""

    def __init__(self, rows: Rows | None = None) -> None:
        own = {kind: tables.table_of(row) for kind, row in (rows or {}).items()}
        self.traces = tuple(kind for kind in own if getattr(kind, "gone_with_case", False))
        self._tables: Mapping[type[Any], Table] = {**CHASSIS, **own}
        self._keys = {kind: next(iter(table.primary_key)).key for kind, table in self._tables.items()}
        self.entries = tuple(kind for kind, table in self._tables.items() if _has_entries(table))
        self._fields = {kind: tuple(field.name for field in fields(kind)) for kind in self._tables}

    def kinds(self) -> Sequence[type[Any]]:
        """Return every kind of record there is."""
        return tuple(self._tables)

    def metadata(self) -> Sequence[MetaData]:
        """Return the tables to be made."""
        return list(dict.fromkeys(table.metadata for table in self._tables.values()))

    def table_of(self, kind: type[Any]) -> Table:
        """Return the table of a kind of record. Raises `InternalFault` (`records.kind`)."""
        table = self._tables.get(kind)
        if table is None:
            raise InternalFault("records.kind", f"{kind.__name__} has no table.")
        return table

    def key_of(self, record: Any) -> str:
        """Return the key of a record."""
        return cast(str, getattr(record, self._keys[type(record)]))

    def to_row(self, record: Any) -> dict[str, Any]:
        """Return the record as a row."""
        return {name: getattr(record, name) for name in self._fields[type(record)]}

    def equal(self, kind: type[Any], wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        """Return the criteria that a record has these values in these fields; None is absent."""
        columns = self.table_of(kind).c
        return [columns[name].is_(None) if value is None else columns[name] == value for name, value in wanted.items()]


def _has_entries(table: Table) -> bool:
    """Say whether rows of casework are here: they name their referral, and have something encrypted."""
    encrypted = any(isinstance(column.type, LargeBinary) for column in table.columns)
    return encrypted and "referral_id" in table.c and table not in _OF_THE_CASE


def to_record(kind: type[R], row: Mapping[str, Any]) -> R:
    """Return the row as a record; the columns have its fields' names."""
    return kind(**row)
