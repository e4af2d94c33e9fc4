"""Which agencies could take her: asked of the gateway before the conversation, because consent names agencies.

Promises that the page works while the gateway is away: what was found before is shown with its age, and nothing typed
is lost. The gateway is told a service, a place and wishes, never who she is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared.agency.office import Office
from shared.agency.pages.new.wants import Wants
from shared.agency.pages.new.writing import Writing
from shared.agency.unsent import keep
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.errors import MeshError, PeerUnavailable

#: So many are shown; she cannot weigh more.
SHOWN_MOST: Final = 6
_FRESH: Final = timedelta(minutes=10)
_KNOWN: Final = "candidates"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who could take her, best first; `away`: the gateway could not be asked now, `found_at` tells how old this is."""

    items: Sequence[Mapping[str, Any]]
    found_at: str | None
    away: bool

    def one(self, agency: str) -> Mapping[str, Any] | None:
        """Return a candidate."""
        return next((item for item in self.items if item["agency"] == agency), None)


async def candidates(writing: Writing, wants: Wants, *, anew: bool = False) -> tuple[Candidates, Writing]:
    """Return who could take her, and the writing with what was found kept."""
    asked = {
        "service_type": wants.service.code,
        "area": wants.area,
        "preferences": {key: value for key, value in wants.preferences.items() if key != "accompanied"},
        "exclude": [writing.office.agency_id],
    }
    found = writing.known(_KNOWN)
    known = found if found and found["asked"] == asked else None
    if known and not anew and writing.office.clock.now() - from_wire(known["at"]) < _FRESH:
        return Candidates(known["items"], known["at"], away=False), writing
    try:
        answer = await writing.office.hub.post("/v1/matches", asked)
    except PeerUnavailable:
        return Candidates(known["items"] if known else (), known["at"] if known else None, away=True), writing
    at = to_wire(writing.office.clock.now())
    items = list(answer.get("items", ()))[:SHOWN_MOST]
    kept = await keep(writing.office, writing.opened, known={_KNOWN: {"asked": asked, "at": at, "items": items}})
    return Candidates(items, at, away=False), Writing(writing.desk, writing.person, kept)


async def names_of(office: Office, agencies: Sequence[str]) -> dict[str, Any]:
    """Return the names of agencies as the directory shows them; the id alone where it cannot be asked."""
    names: dict[str, Any] = {}
    for agency in agencies:
        try:
            entry = await office.directory.entry(agency)
            names[agency] = entry.document.get("name") or {"vi": agency, "en": agency}
        except MeshError:
            names[agency] = {"vi": agency, "en": agency}
    return names
