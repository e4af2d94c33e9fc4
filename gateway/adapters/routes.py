"""Delivery routes: one process at a time pushes to one agency, and a route that failed rests before the next try.

A route is a lease on all that waits for its agency, so what several processes push is disjoint and each agency's
in order. No claim waits: a route whose row somebody holds at that moment is not free. Whoever has lost a lease, because
it said nothing for too long, changes nothing of the route any more: it is another's by then.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.adapters.claims import ClaimDesk
from gateway.adapters.desk import SqlDesk
from gateway.adapters.outbox import Claim, claim, postpone
from gateway.adapters.tables import DELIVERY_ROUTES
from shared.kernel.clock import to_wire
from shared.storage.shape import Lock

#: A process that says nothing for this long has lost the route to another: after a crash nobody waits longer.
HELD_FOR = timedelta(seconds=5)


def begin_route(desk: SqlDesk, agency_id: str) -> None:
    """Note the route to an agency that had none. In the sequence of writers nobody else does so just now."""
    if desk.book.get(DELIVERY_ROUTES, agency_id) is None:
        blank = {"holder": None, "held_until": None, "failures": 0, "retry_at": None}
        desk.book.insert(DELIVERY_ROUTES, {"agency_id": agency_id, **blank})


def claim_route(desk: ClaimDesk, agency_id: str, *, holder: str) -> Claim | None:
    """Take the route to an agency and what may leave on it now: nothing when another holds it, or it rests.

    Returns `None` for an agency whose route was not begun.
    """
    row = desk.book.take(DELIVERY_ROUTES, [agency_id]).get(agency_id)
    if row is None:
        return None if desk.book.get(DELIVERY_ROUTES, agency_id) is None else Claim(())
    if _is_taken(row, holder, to_wire(desk.at)):
        return Claim(())
    claimed = claim(desk, agency_id)
    if claimed.items:
        _hold(desk, agency_id, holder)
    return replace(claimed, failures=row["failures"])


def hold_route(desk: ClaimDesk, agency_id: str, *, holder: str) -> None:
    """Go on holding a route while an agency takes its time; one that was given back or lost stays so."""
    if _held(desk, agency_id, holder) is not None:
        _hold(desk, agency_id, holder)


def rest_route(desk: ClaimDesk, agency_id: str, *, holder: str, wait: Callable[[int], float]) -> None:
    """Let a route rest after a failure, for as many seconds as `wait` says of so many failures in a row."""
    row = _held(desk, agency_id, holder)
    if row is not None:
        failures = row["failures"] + 1
        retry_at = to_wire(desk.at + timedelta(seconds=wait(failures)))
        facts = {"holder": None, "held_until": None, "failures": failures, "retry_at": retry_at}
        desk.book.update(DELIVERY_ROUTES, agency_id, **facts)


def free_route(desk: ClaimDesk, agency_id: str, *, holder: str, waits: Mapping[str, float]) -> None:
    """Give a route back after a success; what was not settled waits for so many seconds."""
    if _held(desk, agency_id, holder) is not None:
        postpone(desk, waits)
        desk.book.update(DELIVERY_ROUTES, agency_id, holder=None, held_until=None, failures=0, retry_at=None)


def release_routes(desk: ClaimDesk, *, holder: str) -> None:
    """Give back every route that a process holds, because it ends."""
    held = desk.book.find(DELIVERY_ROUTES, DELIVERY_ROUTES.c.holder == holder, lock=Lock.WAIT)
    for row in held:
        desk.book.update(DELIVERY_ROUTES, row["agency_id"], holder=None, held_until=None)


def _is_taken(row: dict[str, Any], holder: str, now: str) -> bool:
    held = row["holder"] not in {None, holder} and (row["held_until"] or "") > now
    return held or (row["retry_at"] or "") > now


def _held(desk: ClaimDesk, agency_id: str, holder: str) -> dict[str, Any] | None:
    """Return a route as it is now, and keep it so, where this process still holds it."""
    row = desk.book.take(DELIVERY_ROUTES, [agency_id], lock=Lock.WAIT).get(agency_id)
    return row if row is not None and row["holder"] == holder else None


def _hold(desk: ClaimDesk, agency_id: str, holder: str) -> None:
    desk.book.update(DELIVERY_ROUTES, agency_id, holder=holder, held_until=to_wire(desk.at + HELD_FOR))
