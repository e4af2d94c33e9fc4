"""Finding a chain, and its file: picture, timeline with every proof checked, consents, revocations, duties."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.adapters.chain_files import ChainFile, ChainFiles, ChainLink
from gateway.adapters.chain_search import ChainFilter, ChainSearch, Place
from gateway.application.override_views import override_view
from gateway.application.withdrawal_views import late_view
from gateway.domain.referral import Referral
from gateway.web.console import words
from gateway.web.console.desk import CHAINS, ConsoleDesk, overseer
from gateway.web.console.filters import Asked, page_after
from gateway.web.console.overrides import STATES as OVERRIDE_STATES
from gateway.web.console.picture import draw
from gateway.web.console.withdrawals import REACHES
from shared.kernel.errors import InputRejected, NotFound
from shared.kernel.identifiers import UUID7_PATTERN, is_uuid7
from shared.pages.routes import page_router, see_other
from shared.people.records import Person
from shared.referral.number import number_of, read_number, spoken
from shared.sop.model import Compartment, LegalBasisKind, ReferralState, Urgency
from shared.web.listing import Paged, write_cursor

_Overseer = Annotated[Person, overseer()]
_Id = Annotated[str, Path(pattern=UUID7_PATTERN)]
_PLACE_PARTS: Final = 2


class ChainPages:
    """The pages of chains."""

    def __init__(self, desk: ConsoleDesk, search: ChainSearch, files: ChainFiles) -> None:
        self._desk = desk
        self._search = search
        self._files = files

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(CHAINS)(self.find)
        router.get(f"{CHAINS}/{{chain_id}}")(self.show)
        return router

    async def find(self, request: Request, person: _Overseer, page: Paged) -> Response:
        """Lead to the chain of a number, or list referrals by agency, state and time."""
        asked = Asked(request, "number", "agency", "state", "since", "until", "late")
        if asked.given["number"]:
            return await self._by_number(request, person, asked)
        try:
            wanted = self._filter(asked, page.after, page.limit)
        except InputRejected as error:
            return self._found(request, asked, [], error=error)
        found = await self._desk.looked(person, "find", partial(self._search.find, wanted), count=len)
        names = await self._desk.names({name for one in found for name in (one.sender, one.recipient)})
        last = found[-1] if len(found) == page.limit else None
        cursor = write_cursor(last.received_at, last.referral_id) if last else None
        return self._found(request, asked, found, names=names, onward=page_after(request, cursor))

    async def show(self, request: Request, person: _Overseer, chain_id: _Id, page: Paged) -> Response:
        """Show the file of a chain."""
        after = page.after_int()
        file = await self._desk.looked(
            person,
            "chain",
            partial(self._files.open, chain_id, after=after),
            about=chain_id,
            count=lambda one: one.entry_count,
        )
        names = await self._desk.names(set(_agencies(file)))
        return self._desk.pages.answer(request, "console/chain.html", **self._shown(request, file), names=names)

    async def _by_number(self, request: Request, person: Person, asked: Asked) -> Response:
        look = partial(self._search_number, asked.given["number"])
        about = asked.given["number"].lower()
        try:
            found = await self._desk.looked(person, "find", look, about=about, count=len)
        except InputRejected as error:
            return self._found(request, asked, [], error=error)
        chains = {one.chain_id for one in found}
        if len(chains) == 1:
            return see_other(f"{CHAINS}/{chains.pop()}")
        if chains:  # two numbers can be the same by a rare chance
            names = await self._desk.names({name for one in found for name in (one.sender, one.recipient)})
            return self._found(request, asked, found, names=names)
        missing = NotFound("chain.unknown", "There is no chain with this number.")
        return self._found(request, asked, [], error=missing)

    def _search_number(self, number: str) -> Sequence[Referral]:
        """Search by an id as it is copied, else by the number as it is read over the telephone."""
        if is_uuid7(number.lower()):
            return self._search.by_id(number.lower())
        return self._search.by_number(read_number(number))

    def _filter(self, asked: Asked, after: tuple[str | int, ...] | None, limit: int) -> ChainFilter:
        wanted = ChainFilter(
            agency=asked.agency("agency"),
            state=asked.one_of("state", set(ReferralState)),
            since=asked.begin("since"),
            until=asked.end("until"),
            late_at=self._desk.now() if asked.given["late"] else None,
            after=_place(after),
            limit=limit,
        )
        asked.check()
        return wanted

    def _found(
        self,
        request: Request,
        asked: Asked,
        found: Sequence[Referral],
        *,
        error: InputRejected | NotFound | None = None,
        **more: Any,
    ) -> Response:
        shown = {
            "asked": asked.given,
            "found": found,
            "states": self._desk.sop.state_names,
            "services": self._desk.sop.services,
            "urgencies": self._desk.sop.urgencies,
            "names": {},
            "onward": None,
            "number_of": lambda referral_id: spoken(number_of(referral_id)),
            **more,
        }
        if error is None:
            return self._desk.pages.answer(request, "console/chains.html", **shown)
        status = 404 if isinstance(error, NotFound) else 422
        return self._desk.pages.refused(request, "console/chains.html", error, status=status, **shown)

    def _shown(self, request: Request, file: ChainFile) -> dict[str, Any]:
        sop, now = self._desk.sop, self._desk.now()
        cursor = None if file.after is None else write_cursor(file.after)
        return {
            "file": file,
            "picture": draw(file.links),
            "said": {one.index: words.said_of(one.entry, sop) for one in file.entries if one.entry},
            "overrides": [override_view(one, at=now) for one in file.overrides],
            "holds": [late_view(hold, reach, now=now, sop=sop) for hold, reach in file.holds],
            "onward": page_after(request, cursor),
            "services": sop.services,
            "states": {state.value: name for state, name in sop.state_names.items()},
            "urgencies": {level.value: one.name for level, one in sop.urgencies.items() if level in set(Urgency)},
            "bases": {kind.value: one.name for kind, one in sop.legal_bases.items() if kind in set(LegalBasisKind)},
            "compartments": {part.value: sop.compartment_names[part] for part in Compartment},
            "words": words,
            "number_of": lambda referral_id: spoken(number_of(referral_id)),
            "override_states": OVERRIDE_STATES,
            "reasons": REACHES,
            "extensions": sop.withdrawal.extension_reasons,
        }


def _place(after: tuple[str | int, ...] | None) -> Place | None:
    """Return where a list goes on. Raises `InputRejected` for the cursor of another list."""
    if after is None:
        return None
    if len(after) != _PLACE_PARTS or not all(isinstance(part, str) for part in after):
        raise InputRejected("message.invalid", "This page cannot be gone on from. Search again.")
    return str(after[0]), str(after[1])


def _agencies(file: ChainFile) -> Sequence[str]:
    """Return every agency that a chain's page names."""
    linked = [name for one in file.links for name in _parties(one)]
    acting = [one.entry.actor for one in file.entries if one.entry]
    holding = [name for hold, _ in file.holds for name in (hold.agency, hold.via)]
    granted = [name for one in file.consents for line in one.lines for name in (*line["recipients"], one.recorder)]
    return [*linked, *acting, *holding, *granted]


def _parties(link: ChainLink) -> tuple[str, str]:
    return link.sender, link.recipient
