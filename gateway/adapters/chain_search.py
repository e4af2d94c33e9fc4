"""Finding chains: by an id, by agency, state and time, newest first; what needs attention now.

Every search follows one index and reads what it shows: it takes as long with a million referrals as with a hundred.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, func, select
from sqlalchemy import tuple_ as sql_tuple

from gateway.adapters.found_by import of_chain
from gateway.adapters.number_tables import numbered
from gateway.adapters.rows import fetch, referral_of
from gateway.adapters.tables import DELIVERY_ROUTES, MESSAGES, REFERRALS
from gateway.domain.referral import Referral
from shared.storage.engine import read

_ROW = REFERRALS.c
_NEWEST = (_ROW.received_at.desc(), _ROW.referral_id.desc())
#: Counting goes no further than this: more is more.
COUNTED_MOST = 1000

#: When a referral was admitted, and its id.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ChainFilter:
    """What is looked for. `since` and `until` bound when a referral was admitted; `late_at` asks for late duties."""

    agency: str | None = None
    state: str | None = None
    since: str | None = None
    until: str | None = None
    late_at: str | None = None
    after: Place | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be delivered to one agency: how much, since when, and how its last tries went."""

    agency: str
    count: int
    since: str
    failures: int
    retry_at: str | None


class ChainSearch:
    """Read models by which oversight finds its way."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_id(self, wanted: str) -> list[Referral]:
        """Return the referrals of the chain that has this id, or that this referral is of; oldest first."""
        with read(self._engine) as connection:
            own = select(_ROW.chain_id).where(_ROW.referral_id == wanted)
            chain_id = connection.execute(own).scalar() or wanted
            found = select(REFERRALS).where(of_chain(chain_id)).order_by(_ROW.received_at, _ROW.referral_id)
            return [referral_of(row) for row in fetch(connection, found.limit(COUNTED_MOST))]

    def by_number(self, number: str) -> list[Referral]:
        """Return the referrals that have this number: one, but for a rare chance."""
        with read(self._engine) as connection:
            ids = connection.execute(numbered(number).limit(COUNTED_MOST)).scalars().all()
            found = select(REFERRALS).where(_ROW.referral_id.in_(ids)).order_by(*_NEWEST)
            return [referral_of(row) for row in fetch(connection, found)]

    def find(self, wanted: ChainFilter) -> list[Referral]:
        """Return referrals, newest first."""
        with read(self._engine) as connection:
            found = [row for statement in newest_of(wanted) for row in fetch(connection, statement)]
        unique = {row["referral_id"]: row for row in found}
        ordered = sorted(unique.values(), key=lambda row: (row["received_at"], row["referral_id"]), reverse=True)
        return [referral_of(row) for row in ordered[: wanted.limit]]

    def late(self, at: str, *, limit: int) -> tuple[int, list[Referral]]:
        """Return how many referrals have a duty that is late (`COUNTED_MOST` at most), and the latest of them."""
        overdue = _ROW.next_due_at < at
        with read(self._engine) as connection:
            counted = select(func.count()).select_from(
                select(_ROW.referral_id).where(overdue).limit(COUNTED_MOST).subquery()
            )
            first = select(REFERRALS).where(overdue).order_by(_ROW.next_due_at).limit(limit)
            return int(connection.execute(counted).scalar_one()), [referral_of(r) for r in fetch(connection, first)]

    def waiting(self) -> list[Waiting]:
        """Return the agencies to which something waits to be delivered, the one that waits longest first."""
        row = MESSAGES.c
        counted = (
            select(row.recipient, func.count().label("count"), func.min(row.queued_at).label("since"))
            .where(row.settled_at.is_(None), row.recipient.is_not(None))
            .group_by(row.recipient)
        )
        with read(self._engine) as connection:
            routes = {one["agency_id"]: one for one in fetch(connection, select(DELIVERY_ROUTES))}
            found = fetch(connection, counted)
        waiting = [_waiting(one, routes.get(one["recipient"])) for one in found]
        return sorted(waiting, key=lambda one: one.since)


def newest_of(wanted: ChainFilter) -> Sequence[Select[Any]]:
    """Return the queries of a search; what they find is put together newest first."""
    return [
        select(REFERRALS).where(*side, *_criteria(wanted)).order_by(*_NEWEST).limit(wanted.limit)
        for side in _sides(wanted.agency)
    ]


def _waiting(counted: dict[str, Any], route: dict[str, Any] | None) -> Waiting:
    failures, retry_at = (route["failures"], route["retry_at"]) if route else (0, None)
    return Waiting(counted["recipient"], int(counted["count"]), counted["since"], int(failures), retry_at)


def _sides(agency: str | None) -> Iterator[Sequence[ColumnElement[bool]]]:
    """Yield the ways in which an agency takes part: each has an index of its own, both together have none."""
    if agency is None:
        yield ()
    else:
        yield (_ROW.sender == agency,)
        yield (_ROW.recipient == agency,)


def _criteria(wanted: ChainFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield _ROW.state == wanted.state
    if wanted.since is not None:
        yield _ROW.received_at >= wanted.since
    if wanted.until is not None:
        yield _ROW.received_at < wanted.until
    if wanted.late_at is not None:
        yield _ROW.next_due_at < wanted.late_at
    if wanted.after is not None:
        yield sql_tuple(_ROW.received_at, _ROW.referral_id) < sql_tuple(*wanted.after)
