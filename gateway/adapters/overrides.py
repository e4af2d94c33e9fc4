"""Overrides in the database: kept and changed within a unit of work, found when access must end."""

from dataclasses import asdict
from typing import Any

from gateway.adapters.rows import Row
from gateway.adapters.tables import OVERRIDES
from gateway.domain.override import Act, Override, Review
from shared.sop.model import LegalBasisKind
from shared.storage.book import Book


class OverrideShelf:
    """Overrides within one unit of work. Implements `gateway.application.ports.Overrides`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def get(self, referral_id: str) -> Override | None:
        """Return the override that this referral is; None for one that rests on consent."""
        row = self._book.get(OVERRIDES, referral_id)
        return None if row is None else override_from(row)

    def add(self, override: Override) -> None:
        """Keep a new override."""
        made = {
            "referral_id": override.referral_id,
            "chain_id": override.chain_id,
            "sender": override.sender,
            "recipient": override.recipient,
            "sector": override.sector,
            "service_type": override.service_type,
            "kind": override.kind.value,
            "article": override.article,
            "approver": override.approver,
            "notify_unsafe": override.notify_unsafe,
            "compartments": list(override.compartments),
            "made_at": override.made_at,
            "confirm_due_at": override.confirm_due_at,
            "access_ends_at": override.access_ends_at,
            "tell_due_at": override.tell_due_at,
            "review_due_at": override.review_due_at,
        }
        self._book.insert(OVERRIDES, made | _changing(override))

    def change(self, override: Override) -> None:
        """Keep what was done about an override."""
        self._book.update(OVERRIDES, override.referral_id, **_changing(override))


def override_from(row: Row) -> Override:
    """Read an override."""
    return Override(
        referral_id=row["referral_id"],
        chain_id=row["chain_id"],
        sender=row["sender"],
        recipient=row["recipient"],
        sector=row["sector"],
        service_type=row["service_type"],
        kind=LegalBasisKind(row["kind"]),
        article=row["article"],
        approver=row["approver"],
        notify_unsafe=row["notify_unsafe"],
        compartments=tuple(row["compartments"]),
        made_at=row["made_at"],
        confirm_due_at=row["confirm_due_at"],
        access_ends_at=row["access_ends_at"],
        tell_due_at=row["tell_due_at"],
        review_due_at=row["review_due_at"],
        confirmation=_act(row["confirmation"]),
        telling=_act(row["telling"]),
        review=_review(row["review"]),
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
    )


def _changing(override: Override) -> dict[str, Any]:
    confirmation, telling, review = override.confirmation, override.telling, override.review
    return {
        "confirmed_at": confirmation.at if confirmation else None,
        "told_at": telling.at if telling else None,
        "reviewed_at": review.at if review else None,
        "ended_at": override.ended_at,
        "ended_by": override.ended_by,
        "ends_at": override.ends_at,
        "confirmation": asdict(confirmation) if confirmation else None,
        "telling": asdict(telling) if telling else None,
        "review": {**asdict(review), "measures": list(review.measures)} if review else None,
    }


def _act(kept: Row | None) -> Act | None:
    return None if kept is None else Act(**kept)


def _review(kept: Row | None) -> Review | None:
    return None if kept is None else Review(**{**kept, "measures": tuple(kept["measures"])})
