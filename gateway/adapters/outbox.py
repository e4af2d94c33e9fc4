"""The outbox: messages that wait for their recipients, in the order of the ledger, with the halves that may go.

A message is settled by the recipient's signed receipt, or taken out by a decision (revoked, ended). That
it is about to leave is written down before it leaves, so that a decision in between knows it may be out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from gateway.adapters.desk import SqlDesk
from gateway.adapters.rows import fetch
from gateway.adapters.tables import MESSAGES, REFERRALS
from shared.kernel.clock import to_wire
from shared.sop.model import Stage

ITEMS_MOST = 100
BYTES_MOST = 2 * 1024 * 1024 - 64 * 1024  # room for names and halves within the 2 MiB of a delivery
_SCANNED = 400

_WAITING = (MESSAGES.c.settled_at.is_(None),)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that may leave now."""

    message_id: str
    seq: int
    referral_id: str | None
    item: dict[str, Any]
    has_expired: bool


def waiting_for(
    connection: Connection, agency_id: str, *, at: datetime, after: int | None = None, limit: int = ITEMS_MOST
) -> list[Waiting]:
    """Return what may leave for an agency now, in order, within the bounds of one delivery.

    A message that waits for its next attempt holds back what follows it of the same referral, nothing else.
    """
    now = to_wire(at)
    statement = (
        select(MESSAGES, REFERRALS.c.halves.label("halves"), REFERRALS.c.basis_expires_at.label("basis_expires_at"))
        .select_from(MESSAGES.outerjoin(REFERRALS, MESSAGES.c.referral_id == REFERRALS.c.referral_id))
        .where(MESSAGES.c.recipient == agency_id, *_WAITING)
        .order_by(MESSAGES.c.seq)
        .limit(_SCANNED)
    )
    if after is not None:
        statement = statement.where(MESSAGES.c.seq > after)
    chosen: list[Waiting] = []
    held_back: set[str | None] = set()
    room = BYTES_MOST
    for row in fetch(connection, statement):
        if row["referral_id"] in held_back:
            continue
        if row["due_at"] is not None and row["due_at"] > now and after is None:
            held_back.add(row["referral_id"])
            continue
        room -= len(row["body"] or "") * 2
        if len(chosen) == limit or (chosen and room < 0):
            break
        chosen.append(_waiting(row, now))
    return chosen


def mark_attempted(desk: SqlDesk, message_ids: Sequence[str], *, due_at: str | None) -> list[str]:
    """Write down that these messages are about to leave; return those that still may."""
    leaving = []
    for message_id in message_ids:
        row = desk.book.get(MESSAGES, message_id)
        if row is not None and row["settled_at"] is None:
            desk.book.update(MESSAGES, message_id, attempt=row["attempt"] + 1, due_at=due_at)
            leaving.append(message_id)
    return leaving


def _waiting(row: dict[str, Any], now: str) -> Waiting:
    is_about_a_case = row["kind"] in {"referral", "note"}
    return Waiting(
        message_id=row["message_id"],
        seq=row["seq"],
        referral_id=row["referral_id"],
        item={
            "seq": row["seq"],
            "kind": row["kind"],
            "message_id": row["message_id"],
            "body": row["body"],
            "signature": row["signature"],
            "hub_shares": _shares(row),
            "attempt": row["attempt"] + 1,
            "traceparent": row["traceparent"] or None,
            "referral_id": row["referral_id"],
            "sender": row["sender"] if row["sender"] != "gateway" else None,
        },
        has_expired=is_about_a_case and (row["basis_expires_at"] or "9") <= now,
    )


def _shares(row: dict[str, Any]) -> dict[str, str]:
    if row["kind"] == "note":
        return dict(row["hub_shares"] or {})
    if row["kind"] != "referral":
        return {}
    return {name: half[2] for name, half in row["halves"].items() if half[0] == Stage.TRIAGE and half[2] is not None}
