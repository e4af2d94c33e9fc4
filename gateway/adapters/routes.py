"""Delivery routes: one process at a time pushes to one agency, and a route that failed rests before the next try.

A route is a lease: taken and given back in the one transaction that a process makes for all its callers anyway, so
that no replica waits behind another for it. Whoever has lost a lease, because it said nothing for too long, changes
nothing of the route any more: it is another's by then.
"""

from datetime import datetime, timedelta
from typing import Any

from gateway.adapters.desk import SqlDesk
from gateway.adapters.outbox import Claim, claim
from gateway.adapters.tables import DELIVERY_ROUTES
from shared.kernel.clock import to_wire
from shared.sop.model import Sop

#: A process that says nothing for this long has lost the route to another: after a crash nobody waits longer.
HELD_FOR = timedelta(seconds=5)


def claim_route(desk: SqlDesk, agency_id: str, *, holder: str, sop: Sop) -> Claim:
    """Take the route to an agency and what may leave on it now; nothing when another holds it, or it rests."""
    now = to_wire(desk.at)
    row = desk.book.get(DELIVERY_ROUTES, agency_id)
    if row is not None and _is_taken(row, holder, now):
        return Claim(())
    claimed = claim(desk, agency_id, sop=sop)
    if claimed.items:
        _keep(desk, agency_id, holder=holder, held_until=to_wire(desk.at + HELD_FOR))
    return claimed


def hold_route(desk: SqlDesk, agency_id: str, *, holder: str) -> None:
    """Go on holding a route while an agency takes its time; one that was given back or lost stays so."""
    row = desk.book.get(DELIVERY_ROUTES, agency_id)
    if row is not None and row["holder"] == holder:
        _keep(desk, agency_id, holder=holder, held_until=to_wire(desk.at + HELD_FOR))


def rest_route(desk: SqlDesk, agency_id: str, *, holder: str, until: datetime) -> None:
    """Let a route rest after a failure."""
    row = desk.book.get(DELIVERY_ROUTES, agency_id)
    if row is not None and row["holder"] == holder:
        failures = row["failures"] + 1
        _keep(desk, agency_id, holder=None, held_until=None, failures=failures, retry_at=to_wire(until))


def free_route(desk: SqlDesk, agency_id: str, *, holder: str) -> None:
    """Give a route back after a success."""
    row = desk.book.get(DELIVERY_ROUTES, agency_id)
    if row is not None and row["holder"] == holder:
        _keep(desk, agency_id, holder=None, held_until=None, failures=0, retry_at=None)


def release_routes(desk: SqlDesk, *, holder: str) -> None:
    """Give back every route that a process holds, because it ends."""
    for row in desk.book.find(DELIVERY_ROUTES, DELIVERY_ROUTES.c.holder == holder):
        desk.book.update(DELIVERY_ROUTES, row["agency_id"], holder=None, held_until=None)


def failures_of(desk: SqlDesk, agency_id: str) -> int:
    """Return how often a route failed since its last success."""
    row = desk.book.get(DELIVERY_ROUTES, agency_id)
    return int(row["failures"]) if row else 0


def _is_taken(row: dict[str, Any], holder: str, now: str) -> bool:
    held = row["holder"] not in {None, holder} and (row["held_until"] or "") > now
    return held or (row["retry_at"] or "") > now


def _keep(desk: SqlDesk, agency_id: str, **facts: Any) -> None:
    if desk.book.get(DELIVERY_ROUTES, agency_id) is None:
        blank = {"holder": None, "held_until": None, "failures": 0, "retry_at": None}
        desk.book.insert(DELIVERY_ROUTES, {"agency_id": agency_id, **blank, **facts})
    else:
        desk.book.update(DELIVERY_ROUTES, agency_id, **facts)
