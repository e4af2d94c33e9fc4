"""What holders owe since revocations, in the database: within a unit of work, and for readers."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, select

from gateway.adapters.rows import Row, fetch
from gateway.adapters.tables import AGENCIES, HOLDS, MESSAGES
from gateway.domain.agency import AgencyStatus
from gateway.domain.withdrawal import Extension, Hold, HoldResult, Reach, SignedAnswer, next_limit_at, reach_of
from shared.kernel.clock import to_wire
from shared.sop.model import Compartment, Sop
from shared.storage.book import Book

#: A hold that has not been answered.
PENDING = HoldResult.PENDING.value


class HoldShelf:
    """Holds within one unit of work. Implements `gateway.application.ports.Holds`."""

    def __init__(self, book: Book, *, sop: Sop) -> None:
        self._book = book
        self._sop = sop

    def get(self, key: str) -> Hold | None:
        """Return a hold by its key."""
        row = self._book.get(HOLDS, key)
        return None if row is None else hold_of(row)

    def of_referral(self, referral_id: str) -> list[Hold]:
        """Return what was asked of the holder of this referral, oldest first."""
        return [hold_of(row) for row in self._book.find(HOLDS, HOLDS.c.referral_id == referral_id, order_by=_ORDER)]

    def reach(self, hold: Hold, *, at: datetime) -> Reach:
        """Say whether the notice of a hold has reached its agency."""
        agency = self._book.get(AGENCIES, hold.agency)
        notice = self._book.get(MESSAGES, hold.notice) if hold.notice else None
        return reach_of(
            hold,
            is_active=agency is not None and agency["status"] == AgencyStatus.ACTIVE,
            waiting=notice is not None and notice["settled_at"] is None,
            settled_as=notice["settled_code"] if notice else None,
            now=to_wire(at),
            rules=self._sop.withdrawal,
        )

    def add(self, hold: Hold) -> None:
        """Keep a new hold."""
        self._book.insert(HOLDS, self._row(hold))

    def change(self, hold: Hold) -> None:
        """Keep what changed of a hold."""
        row = self._row(hold)
        self._book.update(HOLDS, row.pop("key"), **row)

    def _row(self, hold: Hold) -> dict[str, Any]:
        return {
            "key": hold.key,
            "consent_id": hold.consent_id,
            "revocation_id": hold.revocation_id,
            "referral_id": hold.referral_id,
            "agency": hold.agency,
            "via": hold.via,
            "onward": hold.onward,
            "compartments": sorted(hold.compartments),
            "asked_at": hold.asked_at,
            "due_at": hold.due_at,
            "notice": hold.notice,
            "told": sorted(hold.told),
            "next_limit_at": next_limit_at(hold, sop=self._sop),
            "result": hold.result.value,
            "kept": sorted(hold.kept),
            "article": hold.article,
            "answered_at": hold.answered_at,
            "ledger_index": hold.ledger_index,
            "answer": hold.answer.body if hold.answer else None,
            "answer_signature": hold.answer.signature if hold.answer else None,
            "extension": asdict(hold.extension) if hold.extension else None,
        }


def read_holds(
    connection: Connection,
    *criteria: ColumnElement[bool],
    sop: Sop,
    at: datetime,
    by_key: bool = False,
    limit: int | None = None,
) -> list[tuple[Hold, Reach]]:
    """Return holds, with whether their notices have arrived: as their referrals were sent, or by key, for pages."""
    joined = HOLDS.outerjoin(AGENCIES, AGENCIES.c.id == HOLDS.c.agency).outerjoin(
        MESSAGES, MESSAGES.c.message_id == HOLDS.c.notice
    )
    statement = (
        select(HOLDS, AGENCIES.c.status.label("agency_status"), MESSAGES.c.queued_at, MESSAGES.c.settled_code)
        .select_from(joined)
        .where(*criteria)
        .order_by(*((HOLDS.c.key,) if by_key else _ORDER))
        .limit(limit)
    )
    now = to_wire(at)
    return [(hold := hold_of(row), _reach(hold, row, now=now, sop=sop)) for row in fetch(connection, statement)]


def joined_with_owed(messages: FromClause) -> FromClause:
    """Return messages, each with the hold by which it is a notice that its agency still has to answer, if it is one."""
    owed = and_(HOLDS.c.notice == MESSAGES.c.message_id, HOLDS.c.result == PENDING)
    return messages.outerjoin(HOLDS, owed)


def hold_of(row: Row) -> Hold:
    """Read a hold."""
    return Hold(
        consent_id=row["consent_id"],
        revocation_id=row["revocation_id"],
        referral_id=row["referral_id"],
        agency=row["agency"],
        via=row["via"],
        onward=row["onward"],
        compartments=frozenset(map(Compartment, row["compartments"])),
        asked_at=row["asked_at"],
        due_at=row["due_at"],
        notice=row["notice"],
        told=frozenset(row["told"]),
        result=HoldResult(row["result"]),
        kept=frozenset(map(Compartment, row["kept"])),
        article=row["article"],
        answered_at=row["answered_at"],
        ledger_index=row["ledger_index"],
        answer=SignedAnswer(row["answer"], row["answer_signature"]) if row["answer"] else None,
        extension=_extension_of(row["extension"]) if row["extension"] else None,
    )


def _extension_of(kept: Mapping[str, Any]) -> Extension:
    return Extension(**{**kept, "declaration": SignedAnswer(**kept["declaration"])})


_ORDER = (HOLDS.c.referral_id, HOLDS.c.asked_at, HOLDS.c.revocation_id)


def _reach(hold: Hold, row: Row, *, now: str, sop: Sop) -> Reach:
    return reach_of(
        hold,
        is_active=row["agency_status"] == AgencyStatus.ACTIVE,
        waiting=row["queued_at"] is not None and row["settled_code"] is None,
        settled_as=row["settled_code"],
        now=now,
        rules=sop.withdrawal,
    )
