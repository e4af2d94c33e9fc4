"""How the referrals of a period went, read case by case in portions, from routing facts and the ledger.

A period is a stretch of the ledger, found by its order: that needs no index, and nothing more of whoever admits. Every
portion is a short transaction of its own, so that nobody waits behind the reading of a quarter.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, or_, select

from gateway.adapters.marks import read_marks
from gateway.adapters.rows import Row, fetch
from gateway.adapters.tables import CONSENTS, LEDGER_ENTRIES, LEDGER_HEAD, REFERRALS
from gateway.domain.course import ELSEWHERE, Chain, Course, is_counted
from gateway.domain.mark import Mark
from gateway.domain.period import Period
from shared.consent.grant import STATISTICS
from shared.kernel.clock import from_wire, to_wire
from shared.sop.model import ClockPhase, EventType, LegalBasisKind, Presence, ReferralState, Sop
from shared.storage.engine import read

PORTION = 2_000
_IN_ONE = 400
_ROW, _ENTRY = REFERRALS.c, LEDGER_ENTRIES.c
_READ = (
    *(_ROW.referral_id, _ROW.chain_id, _ROW.subject, _ROW.service_type, _ROW.urgency, _ROW.recipient, _ROW.state),
    *(_ROW.basis, _ROW.consent_id, _ROW.halves, _ROW.due, _ROW.counts, _ROW.received_at, _ROW.incident_at),
    _ROW.replaced_by,
)
#: What the gateway writes when nobody answered, or nothing arrived: not when a consent came to its end.
_EXPIRED = ("clock", "undelivered")


@dataclass(frozen=True, slots=True)
class Stretch:
    """The entries of the ledger from `first` to before `after`, which are those of a period."""

    first: int
    after: int

    def portions(self) -> Iterator["Stretch"]:
        """Yield its portions, in order."""
        for first in range(self.first, self.after, PORTION):
            yield Stretch(first, min(first + PORTION, self.after))


class Courses:
    """Reads how referrals went."""

    def __init__(self, engine: Engine, *, sop: Sop, provinces: Mapping[str, str]) -> None:
        self._engine = engine
        self._sop = sop
        self._provinces = provinces

    def stretch(self, period: Period) -> Stretch:
        """Return where a period lies in the ledger."""
        with read(self._engine) as connection:
            size = connection.execute(select(LEDGER_HEAD.c.size)).scalar_one_or_none() or 0
            return Stretch(_first_at(connection, period.begin, size), _first_at(connection, period.end, size))

    def chains(self, part: Stretch) -> Iterator[tuple[Chain, Sequence[Course]]]:
        """Yield each case of which a portion begins counted referrals: all of it that is counted, and those begun."""
        sent = select(_ENTRY.referral_id, _ENTRY.chain_id).where(
            _ENTRY.idx >= part.first, _ENTRY.idx < part.after, _ENTRY.kind == "referral"
        )
        with read(self._engine) as connection:
            found = [(str(one), str(chain)) for one, chain in connection.execute(sent)]
            mine, chains = {one for one, _ in found}, sorted({chain for _, chain in found})
            courses: dict[str, list[Course]] = defaultdict(list)
            for start in range(0, len(chains), _IN_ONE):
                for course in self._of_chains(connection, chains[start : start + _IN_ONE]):
                    courses[course.chain_id].append(course)
        for whole in courses.values():
            of_portion = [one for one in whole if one.referral_id in mine]
            if of_portion:
                yield Chain(whole), of_portion

    def _of_chains(self, connection: Connection, chains: Collection[str]) -> Iterator[Course]:
        """Yield the counted referrals of some chains, in the order in which they were sent."""
        rows = fetch(
            connection, select(*_READ).where(_ROW.chain_id.in_(chains)).order_by(_ROW.received_at, _ROW.referral_id)
        )
        consents = _consents(connection, {row["consent_id"] for row in rows if row["consent_id"]})
        entries, marks = _entries(connection, chains), _marks(connection, chains)
        for row in rows:
            purposes, taken_back = consents.get(row["consent_id"], ((), False))
            state, kind = ReferralState(row["state"]), LegalBasisKind(row["basis"]["kind"])
            if is_counted(state=state, kind=kind, purposes=purposes, taken_back=taken_back, statistics=STATISTICS):
                yield self._course(row, entries.get(row["referral_id"], ()), marks.get(row["referral_id"], ()))

    def _course(self, row: Row, entries: Sequence[tuple[str, datetime]], marks: Sequence[Mark]) -> Course:
        service = self._sop.services[row["service_type"]]
        required = {name for name, rule in service.compartments.items() if rule.presence is Presence.REQUIRED}
        return Course(
            referral_id=row["referral_id"],
            chain_id=row["chain_id"],
            subject=row["subject"],
            service=service.code,
            sector=service.sector,
            urgency=row["urgency"],
            province=self._provinces.get(row["recipient"], ELSEWHERE),
            agency=row["recipient"],
            state=ReferralState(row["state"]),
            sent_at=from_wire(row["received_at"]),
            incident_at=from_wire(row["incident_at"]) if row["incident_at"] else None,
            due={ClockPhase(phase): from_wire(due[0]) for phase, due in row["due"].items()},
            first=dict(reversed(entries)),
            last=dict(entries),
            attempts=int(row["counts"].get(EventType.CONTACT_ATTEMPTED.value, 0)),
            compartments=len(row["halves"]),
            beyond=len(row["halves"].keys() - {name.value for name in required}),
            replaced_by=row["replaced_by"],
            **_said(marks),
        )


def _said(marks: Sequence[Mark]) -> dict[str, Any]:
    """Return what events said of a referral; the last word counts."""
    said = {one.event: one.value for one in marks}
    told, _, helped = said.get(EventType.CLOSED.value, "").partition(":")
    return {
        "wish": said.get(EventType.ACCEPTED.value),
        "reason": said.get(EventType.DECLINED.value),
        "told": (told == "told") if told else None,
        "helped": helped or None,
    }


def _consents(connection: Connection, ids: Collection[str]) -> dict[str, tuple[Collection[str], bool]]:
    """Return the purposes of some consents, and whether she took one back wholly."""
    found: dict[str, tuple[Collection[str], bool]] = {}
    listed = sorted(ids)
    for start in range(0, len(listed), _IN_ONE):
        part = listed[start : start + _IN_ONE]
        columns = (CONSENTS.c.id, CONSENTS.c.purposes, CONSENTS.c.takings)
        for row in fetch(connection, select(*columns).where(CONSENTS.c.id.in_(part))):
            wholly = any(one["recipients"] is None and one["compartments"] is None for one in row["takings"])
            found[row["id"]] = (row["purposes"], wholly)
    return found


def _entries(connection: Connection, chains: Collection[str]) -> dict[str, list[tuple[str, datetime]]]:
    """Return what happened to each referral of some chains, in order."""
    of_interest = or_(_ENTRY.kind == "event", _ENTRY.state == ReferralState.EXPIRED.value)
    statement = select(_ENTRY.referral_id, _ENTRY.kind, _ENTRY.code, _ENTRY.state, _ENTRY.at)
    found: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for one, kind, code, _state, at in connection.execute(
        statement.where(_ENTRY.chain_id.in_(chains), of_interest).order_by(_ENTRY.idx)
    ):
        if kind == "event":
            found[one].append((code, from_wire(at)))
        elif kind in _EXPIRED or code in _EXPIRED:
            found[one].append((EventType.EXPIRED.value, from_wire(at)))
    return found


def _marks(connection: Connection, chains: Collection[str]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = defaultdict(list)
    for mark in read_marks(connection, chains):
        found[mark.referral_id].append(mark)
    return found


def _first_at(connection: Connection, moment: datetime, size: int) -> int:
    """Return the first entry of the ledger that is not before a moment: entries are in the order of time."""
    low, high, wire = 0, size, to_wire(moment)
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(select(_ENTRY.at).where(_ENTRY.idx == middle)).scalar_one()
        low, high = (middle + 1, high) if at < wire else (low, middle)
    return low
