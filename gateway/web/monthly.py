"""The counts of a month that stand for themselves: I15, I26 and I39, each cell judged alone, without totals.

They are counted when they are asked for, and only for as long as every case of that month is remembered: a count that
shrinks while cases are forgotten would tell of them one by one, and end as a zero that never was.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.adapters.override_readings import OverrideReadings
from gateway.adapters.tallies import FIRST, LATER, SECOND, Counts, Tallies
from gateway.domain.conflict import ConflictKind
from gateway.domain.counting import Cell, Least, Tally, published, published_tallies
from gateway.domain.retention import forgotten_before
from shared.sop.calendar import due_at
from shared.sop.model import LegalBasisKind, Name, Sector, Sop

I15, I26, I39 = "I15", "I26", "I39"
NAMES: Final[Mapping[str, Name]] = {
    I15: Name(vi="Tiết lộ thông tin không dựa trên sự đồng ý", en="Disclosures that do not rest on consent"),
    I26: Name(
        vi="Số lần một người phải kể lại trong một vụ việc", en="Statements by how often she was asked in a case"
    ),
    I39: Name(vi="Xung đột lợi ích đã khai báo, chuyển trả", en="Conflicts of interest declared, referrals given back"),
}
_REVIEWED: Final = Name(vi="đã xem xét đúng hạn", en="reviewed in time")
_WHAT: Final[Mapping[str, Name]] = {
    FIRST: Name(vi="lần đầu", en="the first"),
    SECOND: Name(vi="lần thứ hai", en="the second"),
    LATER: Name(vi="lần sau nữa", en="a later one"),
    ConflictKind.DECLARED.value: Name(vi="đã khai báo", en="declared"),
    ConflictKind.DECLINED.value: Name(vi="chuyển trả", en="given back"),
}
#: What each tally counts; every combination is listed, because one that is missing would say that it is zero.
_TALLIED: Final = {I26: (FIRST, SECOND, LATER), I39: tuple(kind.value for kind in ConflictKind)}

Found = Mapping[str, Sequence[Cell] | Sequence[Tally]]


@dataclass(frozen=True, slots=True)
class Count:
    """One count of a month; None is not shown."""

    indicator: str
    key: str
    name: Name
    count: int | None


class MonthlyCounts:
    """Counts what happened in a month, and shows what may be shown of it; `months` is how long cases are remembered."""

    def __init__(self, readings: OverrideReadings, tallies: Tallies, *, sop: Sop, months: int) -> None:
        self._readings = readings
        self._tallies = tallies
        self._sop = sop
        self._months = months

    def is_remembered(self, begin: datetime, *, now: datetime) -> bool:
        """Say whether nothing of a month that began then has been forgotten."""
        return begin >= forgotten_before(now, months=self._months)

    def is_final(self, end: datetime, *, now: datetime) -> bool:
        """Say whether nothing of a month that ended then can change any more."""
        review = self._sop.overrides.review
        return due_at(end, review.amount, review.unit) <= now

    async def counted(self, begin: datetime, end: datetime) -> Found:
        """Return the exact counts."""
        return await asyncio.to_thread(self._count, begin, end)

    async def shown(self, begin: datetime, end: datetime, *, least: Least, now: datetime) -> Sequence[Count]:
        """Return the counts as a reader may see them, with names; none of a month that is not remembered as a whole."""
        if not self.is_remembered(begin, now=now):
            return ()
        final = self.is_final(end, now=now)
        found: list[Count] = []
        for indicator, cells in (await self.counted(begin, end)).items():
            for one in as_seen(cells, least=least, final=final):
                found += self._named(indicator, one)
        return found

    def _named(self, indicator: str, one: Cell | Tally) -> Sequence[Count]:
        sector = self._sop.sector_names[Sector(one.sector)]
        if isinstance(one, Tally):
            what = _WHAT[one.what]
            return [Count(indicator, f"{one.what}:{one.sector}", _joined(what, sector), one.count)]
        basis = _joined(self._sop.legal_bases[LegalBasisKind(one.basis)].name, sector)
        key = f"{one.basis}:{one.sector}"
        return [
            Count(indicator, key, basis, one.count),
            Count(indicator, f"{key}:reviewed_in_time", _joined(basis, _REVIEWED), one.reviewed_in_time),
        ]

    def _count(self, begin: datetime, end: datetime) -> Found:
        return {
            I15: _every_cell(self._readings.counts(begin, end)),
            I26: _every_tally(I26, self._tallies.statements(begin, end)),
            I39: _every_tally(I39, self._tallies.conflicts(begin, end)),
        }


def as_seen(cells: Sequence[Cell] | Sequence[Tally], *, least: Least | None, final: bool) -> Sequence[Cell | Tally]:
    """Return the counts as a reader may see them; `least` None is oversight's own client, which sees all of them."""
    if least is None:
        return list(cells)
    disclosed = published([one for one in cells if isinstance(one, Cell)], least=least, final=final)
    tallied = published_tallies([one for one in cells if isinstance(one, Tally)], least=least, final=final)
    return [*disclosed, *tallied]


def _joined(first: Name, second: Name) -> Name:
    return Name(vi=f"{first.vi}: {second.vi}", en=f"{first.en}: {second.en}")


def _every_tally(name: str, found: Counts) -> list[Tally]:
    return [
        Tally(what, sector.value, *found.get((what, sector.value), (0, 0)))
        for what in _TALLIED[name]
        for sector in Sector
    ]


def _every_cell(found: dict[tuple[str, str], Cell]) -> list[Cell]:
    """Return every combination: one that is missing would say that it is zero."""
    kinds = [kind for kind in LegalBasisKind if kind is not LegalBasisKind.CONSENT]
    return [
        found.get((kind.value, sector.value), Cell(kind.value, sector.value, 0, 0))
        for kind in kinds
        for sector in Sector
    ]
