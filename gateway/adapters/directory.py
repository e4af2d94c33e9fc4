"""The directory: who there is, and what each says of its services now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from gateway.adapters.desk import SqlDesk
from gateway.adapters.rows import agency_of, fetch
from gateway.adapters.tables import AGENCIES, AVAILABILITIES
from gateway.domain.agency import Agency, Availability
from gateway.domain.masking import shown_name
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import NotFound, NotPermitted
from shared.sop.model import Name
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter


@dataclass(frozen=True, slots=True)
class AgencyFilter:
    """What is asked of the list of agencies; absent facts do not matter, and without `limit` all are meant."""

    sector: str | None = None
    service: str | None = None
    after: str | None = None
    limit: int | None = 50


class Directory:
    """Reads and changes of the directory that agencies make themselves."""

    def __init__(self, engine: Engine, *, writer: GroupWriter[SqlDesk], clock: Clock) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock

    def agency(self, agency_id: str) -> Agency:
        """Return one agency. Raises `NotFound` (`agency.unknown`)."""
        with read(self._engine) as connection:
            found = fetch(connection, select(AGENCIES).where(AGENCIES.c.id == agency_id))
        if not found:
            raise NotFound("agency.unknown", "No such agency in the directory.")
        return agency_of(found[0])

    def agencies(self, wanted: AgencyFilter) -> list[Agency]:
        """Return agencies in the order of their ids, at most `limit` where there is one."""
        chosen = [agency for agency in self._all(wanted.after) if _is_wanted(agency, wanted)]
        return chosen[: wanted.limit]

    def names(self, ids: Collection[str], *, reader: str = "") -> Mapping[str, Name]:
        """Return the names under which `reader` knows these agencies; whoever is in no directory has none."""
        with read(self._engine) as connection:
            found = fetch(connection, select(AGENCIES).where(AGENCIES.c.id.in_(sorted(ids))))
        return {row["id"]: shown_name(agency_of(row), reader=reader) for row in found}

    async def set_availability(self, stated: Availability) -> None:
        """Keep what an agency says of one of its services. Raises `NotPermitted` (`availability.service`)."""
        await self._writer.submit(lambda desk: _state(desk, stated, at=to_wire(self._clock.now())))

    def _all(self, after: str | None) -> list[Agency]:
        statement = select(AGENCIES).order_by(AGENCIES.c.id)
        if after is not None:
            statement = statement.where(AGENCIES.c.id > after)
        with read(self._engine) as connection:
            return [agency_of(row) for row in fetch(connection, statement)]


def _is_wanted(agency: Agency, wanted: AgencyFilter) -> bool:
    return (wanted.sector is None or wanted.sector in agency.sectors) and (
        wanted.service is None or wanted.service in agency.services
    )


def _state(desk: SqlDesk, stated: Availability, *, at: str) -> None:
    agency = desk.agency(stated.agency_id)
    if agency is None or stated.service_type not in agency.services:
        raise NotPermitted("availability.service", "The directory does not list this service for your agency.")
    accounted = [s.lease for s in desk.leases.standings(stated.agency_id, stated.service_type) if s.is_decided]
    key = f"{stated.agency_id}/{stated.service_type}"
    facts: dict[str, Any] = {
        "agency_id": stated.agency_id,
        "service_type": stated.service_type,
        "accepting": stated.accepting,
        "capacity": stated.capacity,
        "staff_genders": sorted(stated.staff_genders),
        "languages": sorted(stated.languages),
        "interpreter_languages": sorted(stated.interpreter_languages),
        "disability_access": stated.disability_access,
        "children_welcome": stated.children_welcome,
        "updated_at": at,
    }
    if desk.book.get(AVAILABILITIES, key) is None:
        desk.book.insert(AVAILABILITIES, {"key": key, **facts})
    else:
        desk.book.update(AVAILABILITIES, key, **facts)
    for lease in accounted:
        desk.leases.drop(lease)
