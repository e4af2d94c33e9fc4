"""What every page of the console stands on: brand, navigation, who may look, and that every look is written down."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, cast

from fastapi import Depends
from starlette.requests import Request

from gateway.adapters.directory import Directory
from gateway.adapters.oversight_journal import OversightJournal, OversightReading
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError, NotPermitted
from shared.kernel.identifiers import is_uuid7
from shared.pages.catalogue import N_
from shared.pages.guard import SignedIn
from shared.pages.rendering import Brand, NavLink, Pages
from shared.people.records import OVERSIGHT_ROLES, Person, Role
from shared.sop.model import Name, Sop

T = TypeVar("T")

ROOM: Final = "gateway.web.console"
HOME: Final = "/console"
CHAINS: Final = f"{HOME}/chains"
REFUSALS: Final = f"{HOME}/refusals"
OVERRIDES: Final = f"{HOME}/overrides"
WITHDRAWALS: Final = f"{HOME}/withdrawals"
DELIVERIES: Final = f"{HOME}/deliveries"
LEDGER: Final = f"{HOME}/ledger"
INDICATORS: Final = f"{HOME}/indicators"
CLOCKS: Final = f"{HOME}/clocks"
READINGS: Final = f"{HOME}/readings"

LINKS: Final[Sequence[NavLink]] = (
    NavLink(N_("Chains"), CHAINS, OVERSIGHT_ROLES),
    NavLink(N_("Refusals"), REFUSALS, OVERSIGHT_ROLES),
    NavLink(N_("Without consent"), OVERRIDES, OVERSIGHT_ROLES),
    NavLink(N_("Withdrawals"), WITHDRAWALS, OVERSIGHT_ROLES),
    NavLink(N_("Not arriving"), DELIVERIES, OVERSIGHT_ROLES),
    NavLink(N_("Ledger"), LEDGER, OVERSIGHT_ROLES),
    NavLink(N_("Clocks"), CLOCKS, OVERSIGHT_ROLES),
    NavLink(N_("Indicators"), INDICATORS, OVERSIGHT_ROLES),
    NavLink(N_("Who looked"), READINGS, OVERSIGHT_ROLES),
)

#: What kinds of page there are, as it is written down of a look. What each is called is in `readings`.
PageKind = Literal[
    "start",
    "find",
    "chain",
    "chains",
    "refusals",
    "overrides",
    "override",
    "review",
    "withdrawals",
    "deliveries",
    "replay",
    "ledger",
    "entry",
    "growth",
    "kept",
    "clocks",
    "indicators",
    "export",
    "readings",
]

BRAND: Final = Brand(
    slug="gateway", name=Name(vi="Giám sát mạng chuyển gửi", en="Referral oversight"), home=HOME, links=LINKS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleDesk:
    """What the pages of oversight share."""

    pages: Pages
    journal: OversightJournal
    directory: Directory
    sop: Sop
    clock: Clock

    async def looked(
        self,
        person: Person,
        page: PageKind,
        look: Callable[[], T],
        *,
        about: str | None = None,
        count: Callable[[T], int] = lambda _: 1,
    ) -> T:
        """Return what somebody looks at, once it is written down that she does; also when there is nothing to see.

        `about` is an id or a place of the ledger; anything else that was typed is not kept.
        """
        about = about if about and (is_uuid7(about) or about.isdecimal()) else None
        try:
            found = await asyncio.to_thread(look)
        except MeshError as error:
            await self.journal.note(reading_of(person, page, about=about, refused=error.code))
            raise
        await self.journal.note(reading_of(person, page, about=about, found=count(found)))
        return found

    async def names(self, ids: Collection[str]) -> Mapping[str, Name]:
        """Return what agencies are called; a protected site has the name that all of them have."""
        return await asyncio.to_thread(self.directory.names, ids)

    def now(self) -> str:
        """Return the present moment as wire text."""
        return to_wire(self.clock.now())


def reading_of(person: Person, page: PageKind, **facts: Any) -> OversightReading:
    """Return what is written down of somebody's look at a page: her pseudonym, never her name."""
    return OversightReading(reader=person.pseudonym, role=person.role.value, page=page, **facts)


class Overseeing(SignedIn):
    """Lets through people of oversight; whoever of them may not see a page has tried to, and that is written down."""

    async def __call__(self, request: Request) -> Person:
        """Return the person. Raises as `SignedIn` does."""
        try:
            return await super().__call__(request)
        except NotPermitted as error:
            person: Person | None = getattr(request.state, "person", None)
            if person is not None:
                journal: OversightJournal = request.app.state.journal
                await journal.note(reading_of(person, _page_of(request), refused=error.code))
            raise


def overseer(*roles: Role) -> Any:
    """Declare who of oversight may see a page; with no role named, both."""
    return Depends(Overseeing(*(roles or OVERSIGHT_ROLES)))


def _page_of(request: Request) -> PageKind:
    """Return the kind of a page by its path, without the ids in it: each room of the console is one."""
    parts = [part for part in request.url.path.removeprefix(HOME).split("/") if part.isalpha()]
    return cast("PageKind", parts[0]) if parts else "start"
