"""The ledger for people: its signed head, entries with their proofs, whether it only grew, how to verify it."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.adapters.ledger_files import LedgerFiles, LedgerPage
from gateway.adapters.proving import Growth
from gateway.web.console import words
from gateway.web.console.desk import LEDGER, ConsoleDesk, overseer
from gateway.web.console.filters import Asked, page_after
from shared.kernel.errors import InputRejected, MeshError
from shared.pages.forms import Posted, wrong
from shared.pages.routes import page_router, see_other
from shared.people.records import Person
from shared.web.listing import Paged, write_cursor

_Overseer = Annotated[Person, overseer()]
_LARGEST: Final = 2**53
_Index = Annotated[int, Path(ge=0, le=_LARGEST)]
_NOTE_MOST: Final = 8_192


class LedgerPages:
    """The pages of the ledger."""

    def __init__(self, desk: ConsoleDesk, files: LedgerFiles) -> None:
        self._desk = desk
        self._files = files

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(LEDGER)(self.show)
        router.get(f"{LEDGER}/entries")(self.find_entry)
        router.get(f"{LEDGER}/entries/{{index}}")(self.show_entry)
        router.get(f"{LEDGER}/growth")(self.show_growth)
        router.post(f"{LEDGER}/kept")(self.hold_against)
        return router

    async def show(self, request: Request, person: _Overseer, page: Paged) -> Response:
        """Show the head and the newest entries."""
        look = partial(self._files.newest, before=page.after_int(), limit=page.limit)
        found = await self._desk.looked(person, "ledger", look, count=lambda one: len(one.entries))
        return self._page(request, found, onward=_onward(request, found, page.limit))

    async def find_entry(self, request: Request, person: _Overseer) -> Response:
        """Lead to the entry at a place."""
        asked = Asked(request, "index")
        index = asked.given["index"]
        if _is_place(index):
            return see_other(f"{LEDGER}/entries/{int(index)}")
        return await self._refused(request, person, wrong("index", "field.range", "Write a whole number."), asked=asked)

    async def show_entry(self, request: Request, person: _Overseer, index: _Index) -> Response:
        """Show one entry with everything that is needed to check it elsewhere."""
        look = partial(self._files.entry, index)
        found = await self._desk.looked(person, "entry", look, about=str(index))
        (entry,) = found.entries
        said = words.said_of(entry.entry, self._desk.sop) if entry.entry else None
        return self._desk.pages.answer(
            request,
            "console/entry.html",
            head=found.head,
            witnesses=found.witnesses,
            entry=entry,
            said=said,
            words=words,
        )

    async def show_growth(self, request: Request, person: _Overseer) -> Response:
        """Show whether one size of the ledger continues another."""
        asked = Asked(request, "first", "second")
        try:
            first, second = (_place(asked, name) for name in ("first", "second"))
            growth = await self._desk.looked(person, "growth", partial(self._files.grown, first, second))
        except InputRejected as error:
            return await self._refused(request, person, error, asked=asked)
        return self._growth(request, growth, kept=False)

    async def hold_against(self, request: Request, person: _Overseer, form: Posted) -> Response:
        """Hold a checkpoint that somebody kept against the ledger as it stands."""
        note = form.get("note", "")[:_NOTE_MOST].strip() + "\n"
        try:
            growth = await self._desk.looked(person, "kept", partial(self._files.against, note))
        except InputRejected as error:
            return await self._refused(request, person, error, note=note)
        return self._growth(request, growth, kept=True)

    def _growth(self, request: Request, growth: Growth, *, kept: bool) -> Response:
        return self._desk.pages.answer(request, "console/growth.html", growth=growth, kept=kept)

    async def _refused(
        self, request: Request, person: Person, error: MeshError, *, asked: Asked | None = None, note: str = ""
    ) -> Response:
        look = partial(self._files.newest, before=None, limit=10)
        found = await self._desk.looked(person, "ledger", look, count=lambda one: len(one.entries))
        return self._page(request, found, error=error, given=asked.given if asked else {}, note=note)

    def _page(self, request: Request, found: LedgerPage, *, error: MeshError | None = None, **more: Any) -> Response:
        shown = {
            "head": found.head,
            "witnesses": found.witnesses,
            "entries": found.entries,
            "said": {one.index: words.said_of(one.entry, self._desk.sop) for one in found.entries if one.entry},
            "words": words,
            "given": {},
            "note": "",
            "onward": None,
            **more,
        }
        if error is None:
            return self._desk.pages.answer(request, "console/ledger.html", **shown)
        return self._desk.pages.refused(request, "console/ledger.html", error, **shown)


def _onward(request: Request, found: LedgerPage, limit: int) -> str | None:
    full = len(found.entries) == limit
    return page_after(request, write_cursor(found.entries[-1].index) if full else None)


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _LARGEST


def _place(asked: Asked, name: str) -> int:
    text = asked.given[name]
    if not _is_place(text):
        raise wrong(name, "field.range", "Write a whole number.")
    return int(text)
