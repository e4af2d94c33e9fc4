"""The outbox: messages that wait for their recipients, in the order of the ledger, with the halves that may go.

A message is settled by the recipient's signed receipt, or taken out by a decision (revoked, ended). That
it is about to leave is written down before it leaves, so that a decision in between knows it may be out.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from gateway.adapters.claims import ClaimDesk
from gateway.adapters.desk import SqlDesk
from gateway.adapters.holds import with_owed
from gateway.adapters.tables import AGENCIES, MESSAGES, REFERRALS, is_unsettled
from gateway.application.end_undelivered import end_undelivered
from gateway.domain.agency import AgencyStatus
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
    """Messages that may leave now, as items of a delivery, in order; and those that may not leave any more."""

    items: tuple[dict[str, Any], ...]
    spent: tuple[str, ...] = ()

    @property
    def traceparent(self) -> str | None:
        """Return the trace that all these messages belong to; None when they belong to several."""
        traces = {item["traceparent"] for item in self.items}
        return next(iter(traces)) if len(traces) == 1 else None


def claim(
    desk: ClaimDesk,
    agency_id: str,
    *,
    after: int | None = None,
    limit: int = ITEMS_MOST,
    only: frozenset[str] | None = None,
    gapless: bool = False,
) -> Claim:
    """Take what may leave for an agency now, and write down that it is about to.

    A message that waits for its next attempt, or that somebody is about to decide about, holds back what follows it of
    the same referral, nothing else; where the claim has to be `gapless`, one that is held ends it.
    With `after` (an inbox that is read on) or `only` (messages that the agency has at hand), the wait for a next
    attempt does not count; what was passed over unsettled, or is not at hand, holds back what follows it all the same.
    Messages whose consent has ended meanwhile, or that nobody took for a week, do not leave: have `give_up` end them.
    """
    agency = desk.book.get(AGENCIES, agency_id)
    if agency is None or agency["status"] != AgencyStatus.ACTIVE.value:
        return Claim(())
    found = desk.book.select(_waiting(agency_id, after))
    now = None if after is not None or only is not None else to_wire(desk.at)
    wanted = _in_turn(found, limit, now=now, only=only)
    taken = desk.book.take(MESSAGES, [row["message_id"] for row in wanted])
    free = {key for key, row in taken.items() if row["settled_at"] is None}
    facts = {row["message_id"]: row for row in desk.book.select(_judged(MESSAGES.c.message_id.in_(free)))}
    spent = {key for key in free if _is_spent(facts[key], desk.at)}
    leaving = [{**taken[key], **facts[key]} for key in _unbroken(wanted, free, gapless=gapless) if key not in spent]
    items = [_item(row, row["attempt"] + 1) for row in _within_bounds(leaving)]
    for item in items:
        desk.book.update(MESSAGES, item["message_id"], attempt=item["attempt"])
    return Claim(tuple(items), tuple(sorted(spent)))


def settled_of(desk: ClaimDesk, agency_id: str, message_ids: Sequence[str]) -> list[str]:
    """Return which of these are not to be delivered to an agency, or not any more."""
    desk.book.prefetch(MESSAGES, message_ids)
    rows = [desk.book.get(MESSAGES, message_id) for message_id in message_ids]
    waiting = [bool(row and row["recipient"] == agency_id and row["settled_at"] is None) for row in rows]
    return [message_id for message_id, waits in zip(message_ids, waiting, strict=True) if not waits]


def give_up(desk: SqlDesk, message_ids: Sequence[str], *, sop: Sop) -> bool:
    """End those of these messages that may not leave any more; say whether there were any.

    Only the notice of a withdrawal that was not answered is kept for however long its agency is away.
    """
    waiting = (MESSAGES.c.message_id.in_(message_ids), is_unsettled(MESSAGES.c.settled_at))
    found = desk.book.select(_judged(*waiting).order_by(MESSAGES.c.seq))
    spent = [row["message_id"] for row in found if _is_spent(row, desk.at)]
    end_undelivered(desk, spent, sop=sop)
    return bool(spent)


def end_spent(desk: SqlDesk, agency_id: str, *, sop: Sop) -> bool:
    """Give up what may not leave for an agency any more; say whether there was anything."""
    return give_up(desk, [row["message_id"] for row in desk.book.select(_waiting(agency_id, None))], sop=sop)


def postpone(desk: ClaimDesk, waits: Mapping[str, float]) -> None:
    """Keep messages that were delivered but not settled from leaving again for so many seconds each.

    What somebody is about to decide about is left to that.
    """
    for message_id, row in desk.book.take(MESSAGES, list(waits)).items():
        if row["settled_at"] is None:
            until = desk.at + timedelta(seconds=waits[message_id])
            desk.book.update(MESSAGES, message_id, due_at=to_wire(until))


def _waiting(agency_id: str, after: int | None) -> Select[Any]:
    """Select what waits for an agency, in its order; without texts, of which there may be many."""
    row = MESSAGES.c
    statement = (
        select(row.message_id, row.referral_id, row.due_at)
        .where(row.recipient == agency_id, row.settled_at.is_(None))
        .order_by(row.seq)
        .limit(_SCANNED)
    )
    if after is None:
        return statement
    earlier = MESSAGES.alias()
    overtakes = select(earlier.c.seq).where(
        earlier.c.recipient == agency_id,
        is_unsettled(earlier.c.settled_at),
        earlier.c.referral_id == row.referral_id,
        earlier.c.seq <= after,
    )
    return statement.where(row.seq > after, ~overtakes.exists())


def _judged(*criteria: ColumnElement[bool]) -> Select[Any]:
    """Select what decides whether messages may leave, and the halves that may go with them.

    Asked behind the lock on the messages: a decision that came before it is seen, and one that comes now waits.
    """
    row, joined = MESSAGES.c, MESSAGES.outerjoin(REFERRALS, MESSAGES.c.referral_id == REFERRALS.c.referral_id)
    columns = (row.message_id, row.kind, row.queued_at, REFERRALS.c.halves, REFERRALS.c.basis_expires_at)
    return with_owed(select(*columns), joined).where(*criteria)


def _in_turn(
    found: Sequence[dict[str, Any]], limit: int, *, now: str | None, only: frozenset[str] | None
) -> list[dict[str, Any]]:
    """Return what does not have to wait for its next attempt or behind another message."""
    chosen: list[dict[str, Any]] = []
    held_back: set[str | None] = set()
    for row in found:
        is_absent = only is not None and row["message_id"] not in only
        waits = is_absent or (now is not None and (row["due_at"] or "") > now)
        if waits or row["referral_id"] in held_back:
            held_back.add(row["referral_id"])
        else:
            chosen.append(row)
    return chosen[:limit]


def _unbroken(wanted: Sequence[dict[str, Any]], free: Set[str], *, gapless: bool) -> list[str]:
    """Return what may go of the wanted messages when only these are free."""
    chosen: list[str] = []
    held_back: set[str | None] = set()
    for row in wanted:
        if row["message_id"] not in free or row["referral_id"] in held_back:
            if gapless:
                break
            held_back.add(row["referral_id"])
        else:
            chosen.append(row["message_id"])
    return chosen


def _within_bounds(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return as many from the beginning as fit into one delivery, the first one in any case."""
    chosen: list[dict[str, Any]] = []
    room = BYTES_MOST
    for row in rows:
        room -= len(row["body"].encode()) + row["body"].count('"') + 1024
        if chosen and room < 0:
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
