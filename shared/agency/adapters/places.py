"""Which table each kind of record lives in, and the step from row to record and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Table

from shared.agency import records, tables
from shared.kernel.errors import InternalFault

R = TypeVar("R")

PLACES: Final[Mapping[type[Any], Table]] = {
    records.Referral: tables.REFERRALS,
    records.Reroute: tables.REROUTES,
    records.Holding: tables.HOLDINGS,
    records.Happening: tables.HAPPENINGS,
    records.Note: tables.NOTES,
    records.ConflictRecord: tables.CONFLICTS,
    records.ConsentRecord: tables.CONSENTS,
    records.Letter: tables.LETTERS,
    records.Arrival: tables.ARRIVALS,
    records.Partner: tables.PARTNERS,
    records.UsedAssertion: tables.USED_ASSERTIONS,
    records.IdempotentAct: tables.IDEMPOTENT_ACTS,
    records.Visit: tables.VISITS,
    records.Webhook: tables.WEBHOOKS,
    records.Notification: tables.NOTIFICATIONS,
    records.KnownAgency: tables.KNOWN_AGENCIES,
}

_KEYS: Final = {kind: next(iter(table.primary_key)).key for kind, table in PLACES.items()}
_FIELDS: Final = {kind: tuple(field.name for field in fields(kind)) for kind in PLACES}


def place_of(kind: type[Any]) -> Table:
    """Return the table of a kind of record. Raises `InternalFault` (`records.kind`)."""
    table = PLACES.get(kind)
    if table is None:
        raise InternalFault("records.kind", f"{kind.__name__} has no table.")
    return table


def key_of(record: Any) -> str:
    """Return the key of a record."""
    return cast(str, getattr(record, _KEYS[type(record)]))


def to_row(record: Any) -> dict[str, Any]:
    """Return the record as a row."""
    return {name: getattr(record, name) for name in _FIELDS[type(record)]}


def to_record(kind: type[R], row: Mapping[str, Any]) -> R:
    """Return the row as a record; the columns have its fields' names."""
    return kind(**row)
