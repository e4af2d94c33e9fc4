"""The outbox: messages that wait for their recipients, in the order of the ledger, with the halves that may go.

A message is settled by the recipient's signed receipt, or taken out by a decision (revoked, ended). That
it is about to leave is written down before it leaves, so that a decision in between knows it may be out.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from gateway.adapters.claims import ClaimDesk
from gateway.adapters.desk import SqlDesk
from gateway.adapters.holds import joined_with_owed
from gateway.adapters.tables import AGENCIES, HOLDS, MESSAGES, REFERRALS, is_unsettled
from gateway.application.end_undelivered import end_undelivered
from gateway.domain.agency import AgencyStatus
from shared.kernel.clock import to_wire
from shared.sop.model import Sop, Stage

ITEMS_MOST = 100
#: Room is left within the 2 MiB of a delivery for names, halves and escaped characters.
BYTES_MOST = 2 * 1024 * 1024 - 128 * 1024
#: A message nobody takes is given up after this long (wire section 6).
KEPT_FOR = timedelta(days=7)
#: How many that wait are looked at first, and how many at a time where too few of those may leave.
_LOOKED_AT = 300
_LOOKED_ON = 5_000
#: How many are given up in one transaction.
_ENDED_MOST = 300

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages that may leave now, as items of a delivery, in order; and those that may not leave any more.

    `failures` says how often in a row nobody answered on the route that they leave by.
    """

    items: tuple[dict[str, Any], ...]
    spent: tuple[str, ...] = ()
    failures: int = 0

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
    the same referral, nothing else, however many wait; where the claim has to be `gapless`, one that is held ends it.
    With `after` (an inbox that is read on) or `only` (messages that the agency has at hand), the wait for a next
    attempt does not count; what was passed over unsettled, or is not at hand, holds back what follows it all the same.
    Messages whose consent has ended meanwhile, or that nobody took for a week, do not leave: have `give_up` end them.
    """
    agency = desk.book.get(AGENCIES, agency_id)
    if agency is None or agency["status"] != AgencyStatus.ACTIVE.value:
        return Claim(())
    now = None if after is not None or only is not None else to_wire(desk.at)
    wanted = _in_turn(partial(_waiting, desk, agency_id, after=after), limit, now=now, only=only)
    taken = desk.book.take(MESSAGES, [row["message_id"] for row in wanted])
    free = {key for key, row in taken.items() if row["settled_at"] is None}
    facts = {row["message_id"]: row for row in desk.book.select(_judged(desk.at, MESSAGES.c.message_id.in_(free)))}
    spent = {key for key in free if facts[key]["spent"]}
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
    """End those of these messages that may not leave any more; say whether there were any."""
    return _end(desk, MESSAGES.c.message_id.in_(message_ids), is_unsettled(MESSAGES.c.settled_at), sop=sop)


def end_spent(desk: SqlDesk, agency_id: str, *, sop: Sop) -> bool:
    """Give up what may not leave for an agency any more, the oldest first; say whether there was anything."""
    return _end(desk, MESSAGES.c.recipient == agency_id, MESSAGES.c.settled_at.is_(None), sop=sop)


def _end(desk: SqlDesk, *waiting: ColumnElement[bool], sop: Sop) -> bool:
    found = desk.book.select(_judged(desk.at, *waiting, _spent(desk.at)).order_by(MESSAGES.c.seq).limit(_ENDED_MOST))
    end_undelivered(desk, [row["message_id"] for row in found], sop=sop)
    return bool(found)


def postpone(desk: ClaimDesk, waits: Mapping[str, float]) -> None:
    """Keep messages that were delivered but not settled from leaving again for so many seconds each.

    What somebody is about to decide about is left to that.
    """
    for message_id, row in desk.book.take(MESSAGES, list(waits)).items():
        if row["settled_at"] is None:
            until = desk.at + timedelta(seconds=waits[message_id])
            desk.book.update(MESSAGES, message_id, due_at=to_wire(until))


def _waiting(desk: ClaimDesk, agency_id: str, *, after: int | None, behind: int | None, most: int) -> list[_Row]:
    """Return what waits for an agency, in its order, from a place on; without texts, of which there may be many."""
    row = MESSAGES.c
    statement = (
        select(row.message_id, row.referral_id, row.due_at, row.seq)
        .where(row.recipient == agency_id, row.settled_at.is_(None))
        .order_by(row.seq)
        .limit(most)
    )
    if behind is not None:
        statement = statement.where(row.seq > behind)
    if after is None:
        return desk.book.select(statement)
    earlier = MESSAGES.alias()
    overtakes = select(earlier.c.seq).where(
        earlier.c.recipient == agency_id,
        is_unsettled(earlier.c.settled_at),
        earlier.c.referral_id == row.referral_id,
        earlier.c.seq <= after,
    )
    return desk.book.select(statement.where(row.seq > after, ~overtakes.exists()))


def _in_turn(
    waiting: Callable[..., list[_Row]], limit: int, *, now: str | None, only: frozenset[str] | None
) -> list[_Row]:
    """Return the first that wait neither for their next attempt nor behind another message, however far they are."""
    chosen: list[_Row] = []
    held_back: set[str | None] = set()
    behind, most = None, _LOOKED_AT
    while found := waiting(behind=behind, most=most):
        for row in found:
            is_absent = only is not None and row["message_id"] not in only
            waits = is_absent or (now is not None and (row["due_at"] or "") > now)
            if waits or row["referral_id"] in held_back:
                held_back.add(row["referral_id"])
            else:
                chosen.append(row)
        if len(chosen) >= limit or len(found) < most:
            break
        behind, most = found[-1]["seq"], _LOOKED_ON
    return chosen[:limit]


def _judged(at: datetime, *criteria: ColumnElement[bool]) -> Select[Any]:
    """Select whether messages may not leave any more, and the halves that may go with them.

    Asked behind the lock on the messages: a decision that came before it is seen, and one that comes now waits.
    """
    messages = MESSAGES.outerjoin(REFERRALS, MESSAGES.c.referral_id == REFERRALS.c.referral_id)
    columns = (MESSAGES.c.message_id, MESSAGES.c.kind, REFERRALS.c.halves, _spent(at).label("spent"))
    return select(*columns).select_from(joined_with_owed(messages)).where(*criteria)


def _spent(at: datetime) -> ColumnElement[bool]:
    """Say which messages may not leave any more: their consent has ended, or nobody took them for a week.

    The notice of a withdrawal that was not answered is kept for however long its agency is away.
    """
    row = MESSAGES.c
    has_ended = and_(row.kind.in_(("referral", "note")), REFERRALS.c.basis_expires_at <= to_wire(at))
    return or_(has_ended, and_(HOLDS.c.key.is_(None), row.queued_at < to_wire(at - KEPT_FOR)))


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
