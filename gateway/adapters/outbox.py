"""The outbox: messages that wait for their recipients, in the order of the ledger, with the halves that may go.

A message is settled by the recipient's signed receipt, or taken out by a decision (revoked, ended). That
it is about to leave is written down before it leaves, so that a decision in between knows it may be out.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from gateway.adapters.desk import SqlDesk
from gateway.adapters.holds import with_owed
from gateway.adapters.tables import MESSAGES, REFERRALS
from gateway.application.end_undelivered import end_undelivered
from shared.kernel.clock import to_wire
from shared.sop.model import Sop, Stage

ITEMS_MOST = 100
#: Room is left within the 2 MiB of a delivery for names, halves and escaped characters.
BYTES_MOST = 2 * 1024 * 1024 - 128 * 1024
#: A message nobody takes is given up after this long (wire section 6).
KEPT_FOR = timedelta(days=7)
_SCANNED = 300
_NEVER = "9"


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages that may leave now, as items of a delivery, in order."""

    items: tuple[dict[str, Any], ...]

    @property
    def traceparent(self) -> str | None:
        """Return the trace that all these messages belong to; None when they belong to several."""
        traces = {item["traceparent"] for item in self.items}
        return next(iter(traces)) if len(traces) == 1 else None


def claim(
    desk: SqlDesk,
    agency_id: str,
    *,
    sop: Sop,
    after: int | None = None,
    limit: int = ITEMS_MOST,
    only: frozenset[str] | None = None,
) -> Claim:
    """Take what may leave for an agency now, and write down that it is about to.

    A message that waits for its next attempt holds back what follows it of the same referral, nothing else.
    With `after` (an inbox that is read on) or `only` (messages that the agency has at hand), the wait for a next
    attempt does not count; what was passed over unsettled, or is not at hand, holds back what follows it all the same.
    Messages whose consent has ended meanwhile, or that nobody took for a week, do not leave any more; only the notice
    of a withdrawal that was not answered is kept for however long its agency is away.
    """
    agency = desk.agency(agency_id)
    if agency is None or not agency.is_active:
        return Claim(())
    found = desk.book.select(_waiting(agency_id, after))
    held_back = frozenset[str]() if only is None else {row["message_id"] for row in found} - only
    ignore_wait = after is not None or only is not None
    waiting = _within_bounds(found, desk.at, limit, ignore_wait=ignore_wait, without=held_back)
    spent = [row for row in waiting if _is_spent(row, desk.at)]
    leaving = [row for row in waiting if row not in spent]
    end_undelivered(desk, [row["message_id"] for row in spent], sop=sop)
    items = []
    desk.book.prefetch(MESSAGES, [row["message_id"] for row in leaving])
    for row in leaving:
        attempt = row["attempt"] + 1
        desk.book.update(MESSAGES, row["message_id"], attempt=attempt)
        items.append(_item(row, attempt))
    return Claim(tuple(items))


def settled_of(desk: SqlDesk, agency_id: str, message_ids: Sequence[str]) -> list[str]:
    """Return which of these are not to be delivered to an agency, or not any more."""
    desk.book.prefetch(MESSAGES, message_ids)
    rows = [desk.book.get(MESSAGES, message_id) for message_id in message_ids]
    waiting = [bool(row and row["recipient"] == agency_id and row["settled_at"] is None) for row in rows]
    return [message_id for message_id, waits in zip(message_ids, waiting, strict=True) if not waits]


def end_spent(desk: SqlDesk, agency_id: str, *, sop: Sop) -> bool:
    """Give up what may not leave for an agency any more; say whether there was anything."""
    spent = [row["message_id"] for row in desk.book.select(_waiting(agency_id, None)) if _is_spent(row, desk.at)]
    end_undelivered(desk, spent, sop=sop)
    return bool(spent)


def postpone(desk: SqlDesk, message_ids: Sequence[str], *, until: datetime) -> None:
    """Keep messages that were delivered but not settled from leaving again before `until`."""
    for message_id in message_ids:
        row = desk.book.get(MESSAGES, message_id)
        if row is not None and row["settled_at"] is None:
            desk.book.update(MESSAGES, message_id, due_at=to_wire(until))


def _waiting(agency_id: str, after: int | None) -> Select[Any]:
    referrals = MESSAGES.outerjoin(REFERRALS, MESSAGES.c.referral_id == REFERRALS.c.referral_id)
    statement = (
        with_owed(select(MESSAGES, REFERRALS.c.halves, REFERRALS.c.basis_expires_at), referrals)
        .where(MESSAGES.c.recipient == agency_id, MESSAGES.c.settled_at.is_(None))
        .order_by(MESSAGES.c.seq)
        .limit(_SCANNED)
    )
    if after is None:
        return statement
    earlier = MESSAGES.alias()
    overtakes = select(earlier.c.seq).where(
        earlier.c.recipient == agency_id,
        earlier.c.settled_at.is_(None),
        earlier.c.referral_id == MESSAGES.c.referral_id,
        earlier.c.seq <= after,
    )
    return statement.where(MESSAGES.c.seq > after, ~overtakes.exists())


def _within_bounds(
    rows: Sequence[dict[str, Any]], at: datetime, limit: int, *, ignore_wait: bool, without: Set[str]
) -> list[dict[str, Any]]:
    chosen: list[dict[str, Any]] = []
    held_back: set[str | None] = set()
    now, room = to_wire(at), BYTES_MOST
    for row in rows:
        waits = row["message_id"] in without or (not ignore_wait and (row["due_at"] or "") > now)
        if waits or row["referral_id"] in held_back:
            held_back.add(row["referral_id"])
            continue
        room -= len(row["body"].encode()) + row["body"].count('"') + 1024
        if len(chosen) == limit or (chosen and room < 0):
            break
        chosen.append(row)
    return chosen


def _is_spent(row: dict[str, Any], at: datetime) -> bool:
    about_a_case = row["kind"] in {"referral", "note"}
    if about_a_case and (row["basis_expires_at"] or _NEVER) <= to_wire(at):
        return True
    return not row["owed"] and bool(row["queued_at"] < to_wire(at - KEPT_FOR))


def _item(row: dict[str, Any], attempt: int) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "kind": row["kind"],
        "message_id": row["message_id"],
        "body": row["body"],
        "signature": row["signature"],
        "hub_shares": _shares(row),
        "attempt": attempt,
        "traceparent": row["traceparent"] or None,
        "referral_id": row["referral_id"],
    }


def _shares(row: dict[str, Any]) -> dict[str, str]:
    if row["kind"] == "note":
        return dict(row["hub_shares"] or {})
    if row["kind"] != "referral":
        return {}
    return {name: half[2] for name, half in row["halves"].items() if half[0] == Stage.TRIAGE and half[2] is not None}
