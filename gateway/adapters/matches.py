"""Who fits: the directory, what agencies said, and what is held, read together and ranked."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, or_, select

from gateway.adapters.desk import LIST_IMPORTED
from gateway.adapters.found_by import of_chain
from gateway.adapters.leases import read_standings
from gateway.adapters.rows import agency_of, availability_of, fetch
from gateway.adapters.tables import AGENCIES, AREAS, AVAILABILITIES, REFERRALS
from gateway.domain.agency import AgencyStatus
from gateway.domain.lease import Standing, places_taken
from gateway.domain.masking import is_province
from gateway.domain.matching import Candidate, Match, Place, Wanted, rank
from shared.kernel.clock import to_wire
from shared.kernel.errors import FieldFault, InputRejected
from shared.sop.model import Sop
from shared.sop.neighbours import Neighbours
from shared.storage.engine import read

#: What is asked for, once the place is known and what the chain has blocked.
WantedAt = Callable[[Place, frozenset[str]], Wanted]


class MatchFinder:
    """Answers requests for a match. Reads only."""

    def __init__(self, engine: Engine, *, sop: Sop, neighbours: Neighbours) -> None:
        self._engine = engine
        self._sop = sop
        self._neighbours = neighbours

    def find(self, make_wanted: WantedAt, *, area: str, asker: str, chain_id: str | None) -> Sequence[Match]:
        """Return who fits, best first. Raises `InputRejected` (`area.unknown`) for a place that is not there."""
        with read(self._engine) as connection:
            wanted = make_wanted(self._place(connection, area), _blocked(connection, chain_id, asker))
            return rank(_candidates(connection, wanted), wanted)

    def _place(self, connection: Connection, area: str) -> Place:
        province = area if is_province(area) else self._province(connection, area)
        if province is not None and province not in self._sop.provinces:
            raise _unknown_area()
        return Place(area, province, self._neighbours[province] if province else frozenset())

    def _province(self, connection: Connection, commune: str) -> str | None:
        found = fetch(connection, select(AREAS).where(AREAS.c.code.in_([commune, LIST_IMPORTED])))
        by_code = {row["code"]: str(row["province"]) for row in found}
        lowest, highest = self._sop.commune_codes
        is_there = commune in by_code if LIST_IMPORTED in by_code else lowest <= commune <= highest
        if not is_there:
            raise _unknown_area()
        return by_code.get(commune)


def _blocked(connection: Connection, chain_id: str | None, asker: str) -> frozenset[str]:
    """Return what earlier referrals of the chain have blocked, as far as the asker is a party of them."""
    if chain_id is None:
        return frozenset()
    is_party = or_(REFERRALS.c.sender == asker, REFERRALS.c.recipient == asker)
    rows = fetch(connection, select(REFERRALS.c.blocked).where(of_chain(chain_id), is_party))
    return frozenset(blocked for row in rows for blocked in row["blocked"])


def _candidates(connection: Connection, wanted: Wanted) -> list[Candidate]:
    of_service = AVAILABILITIES.c.service_type == wanted.service_type
    rows = fetch(connection, select(AVAILABILITIES).where(of_service))
    stated = {row["agency_id"]: availability_of(row) for row in rows}
    standings: dict[str, list[Standing]] = {}
    for standing in read_standings(connection, wanted.service_type):
        standings.setdefault(standing.lease.agency_id, []).append(standing)
    active = AGENCIES.c.status == AgencyStatus.ACTIVE.value
    agencies = [agency_of(row) for row in fetch(connection, select(AGENCIES).where(active))]
    now = to_wire(wanted.now)
    return [
        Candidate(agency, stated.get(agency.id), places_taken(standings.get(agency.id, []), at=now))
        for agency in agencies
    ]


def _unknown_area() -> InputRejected:
    message = "No such area. Use a province of 2 digits or a commune of 5 digits."
    return InputRejected("area.unknown", message, faults=[FieldFault("/area", "area.unknown", message)])
