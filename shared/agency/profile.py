"""What is different about one kind of agency, as a value that the chassis is given.

A profile never widens what the procedure allows: it only says which part of it this agency serves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.agency.sector.departures import Departure
from shared.agency.sector.guards import Guard
from shared.kernel.errors import InternalFault
from shared.sop.model import ClockPhase, Name, Sector, Sop


@dataclass(frozen=True, slots=True)
class Worklist:
    """Received referrals that one sector works through until they have ended, ordered by one of the four duties."""

    says: Name
    services: frozenset[str]
    by: ClockPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorWords:
    """What the people of a sector call things: those who share its work, and whoever has a case."""

    team: Name
    holder: Name


@dataclass(frozen=True, slots=True)
class AgencyProfile:
    """One kind of agency: its sector, what people call it, and the services it gives.

    `slug` names its sector routes (`/v1/<slug>/...`), `words` what its pages call people. `rules` is the file of its
    own rules, `rows` says in which rows its own records are kept, `guards` what its rules say of the steps of the
    lifecycle, `departures` what they say of what leaves. `open_door`: nothing it keeps or refuses asks for a police
    report, money or papers (R-08).
    `weighs_holds`: after a withdrawal a person decides whether a law makes the agency keep evidence
    (`shared.agency.weighing`); otherwise all of it is sealed off at once.
    """

    sector: Sector
    slug: str
    name: Name
    services: frozenset[str]
    rules: Path
    words: SectorWords
    rows: Mapping[type[Any], type[Any]] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    departures: tuple[Departure, ...] = ()
    worklists: Mapping[str, Worklist] = field(default_factory=dict)
    open_door: bool = False
    weighs_holds: bool = False

    def serves(self, service_type: str) -> bool:
        """Say whether this agency gives the service."""
        return service_type in self.services


def check_profile(profile: AgencyProfile, sop: Sop) -> None:
    """Check a profile against the procedure. Raises `InternalFault` (`profile.wrong`) where it claims more."""
    for code in profile.services:
        service = sop.services.get(code)
        if service is None or service.sector not in (profile.sector, Sector.COORDINATION):
            raise InternalFault("profile.wrong", f"{profile.slug} claims {code}, which is not of its sector")
    for name, worklist in profile.worklists.items():
        if not worklist.services <= profile.services:
            raise InternalFault("profile.wrong", f"worklist {name} of {profile.slug} lists services it does not give")
