"""The inbox: what is due first, and nothing about a person on any list (R-07, R-20).

A case that is kept from whoever looks (R-11) is on no tab, in no count and behind no number. A page that refreshes
itself is one look, not many: only what somebody opens is in the journal of readings.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.lists import COUNTED_MOST, Listed, heaps, inbox, listed
from shared.agency.pages.desk import CASEWORK, HOME, PageDesk
from shared.agency.pages.inbox_filters import PAGE, filter_of, offered, read_asked
from shared.agency.pages.rows import accounts_of, names_of, rows_of
from shared.agency.pages.words import TABS
from shared.agency.ports import Reading
from shared.agency.working import Tab
from shared.kernel.clock import to_wire
from shared.kernel.errors import InputRejected
from shared.pages.catalogue import said
from shared.pages.guard import signed_in
from shared.pages.routes import page_router
from shared.people.records import Person
from shared.referral.number import read_number

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]
_TEMPLATE: Final = "agency/inbox.html"
#: What somebody may type into the search before it is no number any more; it is shown again.
_TYPED_MOST: Final = 40


def inbox_router(desk: PageDesk) -> APIRouter:
    """Make the routes of the inbox."""
    router = page_router()

    @router.get(HOME)
    async def list_work(request: Request, person: _Caseworker) -> Response:
        await log_look(desk, request, person, "list")
        values = await _tab(desk, request, person)
        return desk.pages.answer(request, _TEMPLATE, **values)

    @router.get("/inbox/find")
    async def find(request: Request, person: _Caseworker) -> Response:
        await log_look(desk, request, person, "list")
        values = await _search(desk, request, person)
        return desk.pages.answer(request, _TEMPLATE, **values)

    return router


async def log_look(desk: PageDesk, request: Request, person: Person, what: str) -> None:
    """Put on record that somebody opened a list; a page that refreshes itself is the same look."""
    if "x-refresh" not in request.headers:
        visit = desk.practice.reader.visit(desk.visitor(person), what, None)
        await desk.practice.office.store.write(lambda records: records.add(visit))


async def _tab(desk: PageDesk, request: Request, person: Person) -> dict[str, Any]:
    office, me, now = desk.practice.office, person.pseudonym, desk.practice.now()
    asked = read_asked(request.query_params, office)

    def look(reading: Reading) -> Any:
        unseen = reading.work.unseen([me])
        return inbox(
            reading, filter_of(asked, office, me=me, unseen=unseen, now=now), tab=asked.tab, me=me, at=to_wire(now)
        )

    found = await desk.practice.look(look)
    shown = len(found.listed.referrals)
    return {
        **await _frame(desk, found.listed, found.heaps),
        "asked": asked,
        "offered": offered(asked, found, office),
        "total": found.total,
        "first": asked.offset + 1,
        "last": asked.offset + shown,
        "before": asked.at(asked.page - 1) if asked.page > 1 else None,
        "after": asked.at(asked.page + 1) if shown == PAGE and asked.offset + shown < found.total else None,
    }


async def _search(desk: PageDesk, request: Request, person: Person) -> dict[str, Any]:
    me, at = person.pseudonym, to_wire(desk.practice.now())
    typed = request.query_params.get("number", "").strip()[:_TYPED_MOST]
    faults: dict[str, str] = {}
    number = ""
    try:
        number = read_number(typed)
    except InputRejected as error:
        faults["number"] = said(error, desk.pages.words(desk.pages.language(request)))

    def look(reading: Reading) -> tuple[Listed, Any]:
        unseen = reading.work.unseen([me])
        found = reading.work.numbered(number, unseen=unseen) if number else ()
        return listed(reading, found), heaps(reading, me=me, unseen=unseen, at=at)

    found, counts = await desk.practice.look(look)
    return {**await _frame(desk, found, counts), "typed": typed, "faults": faults}


async def _frame(desk: PageDesk, found: Listed, counts: Mapping[Tab, Any]) -> dict[str, Any]:
    """Return what both the tabs and the search show."""
    office = desk.practice.office
    names = names_of(await accounts_of(desk))
    return {
        "rows": rows_of(found, office, names),
        "tabs": [(tab.value, TABS.get(tab), counts[tab]) for tab in Tab],
        "words": office.profile.words,
        "most": COUNTED_MOST,
        "asked": None,
        "typed": "",
    }
