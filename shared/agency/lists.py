"""One look at the work of an agency, for its inbox and its supervisors: rows without a word about a person.

A case that is kept from the visitor (R-11) is in no list, in no count and behind no number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.agency.ports import Reading
from shared.agency.records import Assignment, KnownAgency, Referral
from shared.agency.working import Occurring, Tab, WorkFilter, of_tab

#: Counts go no further: above, an inbox says "more than".
COUNTED_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """Some referrals with who has each, and the names of the agencies on the other side."""

    referrals: Sequence[Referral]
    holders: Mapping[str, str]
    agencies: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Heap:
    """How many referrals a tab has, and how many of them are late."""

    count: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """One page of the inbox."""

    listed: Listed
    total: int
    heaps: Mapping[Tab, Heap]
    occurring: Occurring


def inbox(reading: Reading, wanted: WorkFilter, *, tab: Tab, me: str, at: str) -> Inbox:
    """Return one page of a tab, with the counts of all tabs."""
    work = reading.work
    everything = of_tab(tab, me=me, unseen=wanted.unseen)
    return Inbox(
        listed=listed(reading, work.ids(wanted)),
        total=work.count(wanted, most=COUNTED_MOST),
        heaps=heaps(reading, me=me, unseen=wanted.unseen, at=at),
        occurring=work.occurring(everything, most=COUNTED_MOST),
    )


def heaps(reading: Reading, *, me: str, unseen: Sequence[str], at: str) -> dict[Tab, Heap]:
    """Return how many referrals each tab has for somebody."""
    return {tab: _heap(reading, of_tab(tab, me=me, unseen=unseen), at=at) for tab in Tab}


def listed(reading: Reading, ids: Sequence[str]) -> Listed:
    """Return the referrals of these ids in this order."""
    found = {one.referral_id: one for one in reading.many(Referral, ids)}
    referrals = [found[one] for one in ids]
    others = sorted({one for each in referrals for one in (each.sender, each.recipient)})
    return Listed(
        referrals,
        {one.referral_id: one.holder for one in reading.many(Assignment, ids)},
        {one.agency_id: one.entry.get("name") or {} for one in reading.many(KnownAgency, others)},
    )


def _heap(reading: Reading, wanted: WorkFilter, *, at: str) -> Heap:
    count = reading.work.count(wanted, most=COUNTED_MOST)
    late = 0 if wanted.newest or not count else reading.work.count(replace(wanted, due_before=at), most=COUNTED_MOST)
    return Heap(count, late)
