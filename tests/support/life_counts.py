"""Months of counts that lie before a life of consents, as they truly are, and what may be said of them to anybody.

Chosen at the edges: one below what may be published, just enough, a part from which the rest would follow, too few
agencies. Follows rule R-23 and invariant INV-12.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from gateway.adapters import tables
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.sop.calendar import ZONE

SMALLEST, AGENCIES, ROUNDED_TO = 11, 3, 5
FINAL_AFTER = timedelta(days=7)
#: How the agencies of that time are called.
BEFORE = "earlier-"

#: Ground and sector: how many disclosures, how many of them reviewed in time, by how many agencies.
DISCLOSED: Mapping[tuple[str, str], tuple[int, int, int]] = {
    ("vital_interest", "health"): (10, 10, 3),
    ("vital_interest", "police"): (11, 0, 3),
    ("vital_interest", "social"): (13, 11, 3),
    ("legal_obligation", "health"): (22, 12, 4),
    ("legal_obligation", "social"): (30, 15, 3),
    ("court_order", "police"): (24, 12, 2),
}
#: Kind and sector: how many conflicts of interest, at how many agencies.
CONFLICTS: Mapping[tuple[str, str], tuple[int, int]] = {
    ("declared", "health"): (10, 3),
    ("declared", "police"): (12, 3),
    ("declined", "social"): (12, 2),
}

Cell = tuple[int | None, int | None]


def months(now: datetime) -> tuple[str, str, str]:
    """Return this month, the one before, and the one before that, in Viet Nam."""
    this = now.astimezone(ZONE).replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    return (f"{this:%Y-%m}", f"{last:%Y-%m}", f"{last - timedelta(days=1):%Y-%m}")


def plant(engine: Engine, now: datetime) -> None:
    """Put what happened in the two months before into the database."""
    ids = Uuid7Factory(_Standing(now))
    with engine.begin() as connection:
        for month in months(now)[1:]:
            at = datetime.strptime(month, "%Y-%m").replace(day=9, tzinfo=ZONE).astimezone(UTC)
            connection.execute(insert(tables.OVERRIDES), list(_disclosed(ids, to_wire(at))))
            connection.execute(insert(tables.CONFLICTS), list(_declared(ids, to_wire(at))))


class _Standing:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def _disclosed(ids: Uuid7Factory, at: str) -> Iterator[dict[str, Any]]:
    for (kind, sector), (count, in_time, agencies) in DISCLOSED.items():
        for number in range(count):
            made = ids.new()
            yield {
                **dict.fromkeys(("referral_id", "chain_id"), made),
                **dict.fromkeys(("made_at", "review_due_at"), at),
                "sender": f"{BEFORE}{number % agencies}",
                "recipient": f"{BEFORE}9",
                "sector": sector,
                "service_type": "POL-02",
                "kind": kind,
                "article": "Art 19",
                "approver": "duty-1",
                "notify_unsafe": True,
                "compartments": [],
                "reviewed_at": at if number < in_time else to_wire(_after(at)),
            }


def _after(at: str) -> datetime:
    return datetime.fromisoformat(at) + timedelta(hours=1)


def _declared(ids: Uuid7Factory, at: str) -> Iterator[dict[str, Any]]:
    for (kind, sector), (count, agencies) in CONFLICTS.items():
        for number in range(count):
            made = ids.new()
            yield {
                **dict.fromkeys(("key", "referral_id", "chain_id"), made),
                "kind": kind,
                "agency": f"{BEFORE}{number % agencies}",
                "sector": sector,
                "service_type": "POL-02",
                "at": at,
            }


def told_too_much(shown: Mapping[tuple[str, ...], Cell], now: datetime, *, began: datetime) -> list[str]:
    """Say what of all that was shown should not have been, or is not so."""
    return [
        f"{place} {cell}"
        for place, cell in shown.items()
        if not (_true if place[0] == "true" else _public)(place, cell, now, began)
    ]


def _facts(place: tuple[str, ...]) -> tuple[int, int | None, int]:
    _, _, indicator, what, sector = place
    if indicator == "I15":
        return DISCLOSED.get((what, sector), (0, 0, 0))
    count, agencies = CONFLICTS.get((what, sector), (0, 0)) if indicator == "I39" else (0, 0)
    return count, None, agencies


def _true(place: tuple[str, ...], cell: Cell, _now: datetime, began: datetime) -> bool:
    """Say whether oversight was shown what is so; of the month that still goes on nobody says how much it will be."""
    count, part, _ = _facts(place)
    return place[1] not in months(began)[1:] or cell == (count, part)


def _public(place: tuple[str, ...], cell: Cell, now: datetime, began: datetime) -> bool:
    """Say whether anybody may have been shown this. Large counts of a month that is over must be shown."""
    count, part, agencies = _facts(place)
    if place[1] not in months(began)[1:] or not _is_final(place[1], now):
        return cell == (None, None)
    if count < SMALLEST or agencies < AGENCIES:
        return cell == (None, None)
    shown, shown_part = cell
    near = shown is not None and shown >= SMALLEST and shown % ROUNDED_TO == 0 and abs(shown - count) < ROUNDED_TO
    if shown is None or shown_part is None or part is None:
        return near and shown_part is None
    hidden = min(part, count - part, shown_part, shown - shown_part) < SMALLEST
    return near and not hidden and shown_part % ROUNDED_TO == 0


def _is_final(month: str, now: datetime) -> bool:
    following = (datetime.strptime(month, "%Y-%m").replace(tzinfo=ZONE) + timedelta(days=31)).replace(day=1)
    return now >= following + FINAL_AFTER
