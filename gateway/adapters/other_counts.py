"""What is counted of a period beside referrals: consents, withdrawals, refused reasons, how fresh the directory is."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select

from gateway.adapters.courses import Stretch
from gateway.adapters.rows import fetch
from gateway.adapters.tables import AVAILABILITIES, CONSENTS, HOLDS, LEDGER_ENTRIES
from gateway.domain.measures import Finding
from shared.consent.grant import STATISTICS
from shared.kernel.clock import from_wire, to_wire
from shared.sop.indicators import IndicatorRules
from shared.sop.model import EventType
from shared.storage.engine import read

_ENTRY = LEDGER_ENTRIES.c
_FORBIDDEN: Final = ("sop.decline-forbidden", "sop.decline-barred")
_IN_ONE: Final = 400


@dataclass(frozen=True, slots=True)
class Counted:
    """One finding with its moment and the agencies behind it."""

    finding: Finding
    at: datetime
    agencies: Collection[str]


def counted_beside(engine: Engine, part: Stretch, *, rules: IndicatorRules) -> Iterator[Counted]:
    """Yield what is counted of a portion of the ledger beside referrals."""
    with read(engine) as connection:
        yield from _declines(connection, part.first, part.after)
        yield from _consents(connection, part.first, part.after)
        yield from _withdrawals(connection, part.first, part.after, rules)


def fresh_services(engine: Engine, at: datetime, *, rules: IndicatorRules) -> tuple[int, int]:
    """Return how many services the directory has, and how many of them were updated not long ago."""
    updated = func.count().filter(AVAILABILITIES.c.updated_at >= to_wire(at - rules.fresh))
    with read(engine) as connection:
        every, fresh = connection.execute(select(func.count(), updated).select_from(AVAILABILITIES)).one()
    return int(every), int(fresh)


def _declines(connection: Connection, first: int, after: int) -> Iterator[Counted]:
    done = and_(_ENTRY.kind == "event", _ENTRY.code == EventType.DECLINED.value)
    refused = and_(_ENTRY.kind == "refusal", _ENTRY.code.in_(_FORBIDDEN))
    for row in _entries(connection, first, after, or_(done, refused)):
        yield Counted(Finding("I09", row["kind"] == "refusal"), from_wire(row["at"]), [row["actor"]])


def _consents(connection: Connection, first: int, after: int) -> Iterator[Counted]:
    when = {row["consent_id"]: row for row in _entries(connection, first, after, _ENTRY.kind == "consent")}
    columns = (CONSENTS.c.id, CONSENTS.c.purposes, CONSENTS.c.withheld)
    for some in _in_portions(when.keys()):
        for row in fetch(connection, select(*columns).where(CONSENTS.c.id.in_(some))):
            if STATISTICS in row["purposes"]:
                entry = when[row["id"]]
                yield Counted(Finding("I13", bool(row["withheld"])), from_wire(entry["at"]), [entry["actor"]])


def _withdrawals(connection: Connection, first: int, after: int, rules: IndicatorRules) -> Iterator[Counted]:
    entries = _entries(connection, first, after, _ENTRY.kind == "revocation")
    times = {(row["consent_id"], row["at"]) for row in entries}
    columns = (HOLDS.c.revocation_id, HOLDS.c.consent_id, HOLDS.c.agency, HOLDS.c.asked_at, HOLDS.c.answered_at)
    owed: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for some in _in_portions({consent for consent, _ in times}):
        for row in fetch(connection, select(*columns).where(HOLDS.c.consent_id.in_(some))):
            if (row["consent_id"], row["asked_at"]) in times:
                owed[row["revocation_id"]].append(row)
    for holds in owed.values():
        kept = all(
            one["answered_at"] and from_wire(one["answered_at"]) - from_wire(one["asked_at"]) <= rules.honoured
            for one in holds
        )
        yield Counted(Finding("I14", kept), from_wire(holds[0]["asked_at"]), {one["agency"] for one in holds})


def _entries(connection: Connection, first: int, after: int, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    columns = (_ENTRY.kind, _ENTRY.at, _ENTRY.actor, _ENTRY.consent_id)
    return fetch(connection, select(*columns).where(_ENTRY.idx >= first, _ENTRY.idx < after, which))


def _in_portions(keys: Collection[str]) -> Iterator[list[str]]:
    listed = sorted(keys)
    for start in range(0, len(listed), _IN_ONE):
        yield listed[start : start + _IN_ONE]
