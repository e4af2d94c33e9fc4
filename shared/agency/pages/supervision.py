"""Supervision: what is late and about to be, what nobody has, how much each has, which duties of the sector ran out.

Nothing about a person is on these pages, and nothing of a case that is kept from the supervisor (R-11).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.conflicts import list_conflicts
from shared.agency.lists import COUNTED_MOST, Listed, listed
from shared.agency.pages.colleagues import holders
from shared.agency.pages.desk import PageDesk
from shared.agency.pages.inbox import log_look
from shared.agency.pages.rows import accounts_of, names_of, rows_of
from shared.agency.ports import Reading
from shared.agency.records import SectorClock
from shared.agency.routes.callers import Id
from shared.agency.working import SOON, WorkFilter, held_by, open_here
from shared.kernel.clock import to_wire
from shared.kernel.errors import NotFound
from shared.pages.catalogue import N_
from shared.pages.guard import signed_in
from shared.pages.routes import page_router
from shared.people.records import Account, Person, Role
from shared.referral.number import number_of, spoken

Supervisor = Annotated[Person, signed_in(Role.SUPERVISOR)]
HOME: Final = "/supervision"
#: A page of supervision shows no more than this of a list: what is due first is first.
MOST: Final = 50

#: The pages of supervision: address and name.
PAGES: Final[Sequence[tuple[str, str]]] = (
    (HOME, N_("Late")),
    (f"{HOME}/unassigned", N_("Nobody has it")),
    (f"{HOME}/workload", N_("Workload")),
    (f"{HOME}/clocks", N_("Duties that ran out")),
    (f"{HOME}/overrides", N_("Without consent")),
    (f"{HOME}/conflicts", N_("Conflicts of interest")),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A list on a page: its name, a text of the catalogue; its rows; how many there are in all."""

    title: str
    rows: Sequence[Any]
    total: int


def supervision_router(desk: PageDesk) -> APIRouter:
    """Make the routes of supervision that only show."""
    router = page_router()
    _add_lists(router, desk)
    _add_workload(router, desk)
    _add_records(router, desk)
    return router


def _add_lists(router: APIRouter, desk: PageDesk) -> None:
    @router.get(HOME)
    async def late(request: Request, person: Supervisor) -> Response:
        await log_look(desk, request, person, "list")
        wanted = {N_("Late now"): _late, N_("Due within 24 hours"): _soon}
        parts = await _parts(desk, person, wanted)
        return desk.pages.answer(request, "agency/supervision_lists.html", **frame(desk), parts_shown=parts)

    @router.get(f"{HOME}/unassigned")
    async def unassigned(request: Request, person: Supervisor) -> Response:
        await log_look(desk, request, person, "list")
        parts = await _parts(desk, person, {N_("Nobody has it"): _nobodys})
        return desk.pages.answer(request, "agency/supervision_lists.html", **frame(desk), parts_shown=parts)


def _add_workload(router: APIRouter, desk: PageDesk) -> None:
    @router.get(f"{HOME}/workload")
    async def workload(request: Request, person: Supervisor) -> Response:
        await log_look(desk, request, person, "list")
        at = to_wire(desk.practice.now())

        def look(reading: Reading) -> Any:
            return reading.work.loads(at=at, unseen=reading.work.unseen([person.pseudonym]))

        loads, accounts = await desk.practice.look(look), await accounts_of(desk)
        people = holders(accounts, loads, desk.practice.office)
        return desk.pages.answer(request, "agency/supervision_workload.html", **frame(desk), people=people)

    @router.get(f"{HOME}/colleagues/{{id}}")
    async def colleague(request: Request, person: Supervisor, id: Id) -> Response:
        account = await desk.front.people.read(lambda reading: reading.get(Account, id))
        if account is None:
            raise NotFound("account.unknown", "There is no such account.")
        await log_look(desk, request, person, "list")
        parts = await _parts(desk, person, {account.name: lambda one, _at: held_by(account.pseudonym, one)})
        return desk.pages.answer(request, "agency/supervision_lists.html", **frame(desk), parts_shown=parts)


def _add_records(router: APIRouter, desk: PageDesk) -> None:
    @router.get(f"{HOME}/clocks")
    async def clocks(request: Request, person: Supervisor) -> Response:
        await log_look(desk, request, person, "list")
        shown = await _clocks(desk, person)
        return desk.pages.answer(request, "agency/supervision_clocks.html", **frame(desk), clocks=shown)

    @router.get(f"{HOME}/conflicts")
    async def conflicts(request: Request, person: Supervisor) -> Response:
        await log_look(desk, request, person, "conflicts")
        found = await list_conflicts(desk.practice.office, desk.visitor(person), after=None, limit=COUNTED_MOST)
        names = names_of(await accounts_of(desk))
        shown = [_conflict(one, names) for one in reversed(found)]
        return desk.pages.answer(request, "agency/supervision_conflicts.html", **frame(desk), conflicts=shown)


def frame(desk: PageDesk) -> dict[str, Any]:
    """Return what every page of supervision shows."""
    return {"pages": PAGES, "words": desk.practice.office.profile.words, "most": COUNTED_MOST}


_Wanted = Callable[[WorkFilter, datetime], WorkFilter]


def _late(wanted: WorkFilter, now: datetime) -> WorkFilter:
    return replace(wanted, due_before=to_wire(now))


def _soon(wanted: WorkFilter, now: datetime) -> WorkFilter:
    return replace(wanted, due_from=to_wire(now), due_before=to_wire(now + SOON))


def _nobodys(wanted: WorkFilter, _now: datetime) -> WorkFilter:
    return replace(wanted, nobodys=True)


async def _parts(desk: PageDesk, person: Person, wanted: Mapping[str, _Wanted]) -> Sequence[Part]:
    now = desk.practice.now()

    def look(reading: Reading) -> list[tuple[str, Listed, int]]:
        everything = replace(open_here(unseen=reading.work.unseen([person.pseudonym])), limit=MOST)
        asked = [(title, narrow(everything, now)) for title, narrow in wanted.items()]
        work = reading.work
        return [(title, listed(reading, work.ids(one)), work.count(one, most=COUNTED_MOST)) for title, one in asked]

    found = await desk.practice.look(look)
    names = names_of(await accounts_of(desk))
    return [Part(title, rows_of(rows, desk.practice.office, names), total) for title, rows, total in found]


async def _clocks(desk: PageDesk, person: Person) -> Sequence[Mapping[str, Any]]:
    at, rulebook = to_wire(desk.practice.now()), desk.practice.rulebook

    def look(reading: Reading) -> tuple[Sequence[SectorClock], Listed]:
        unseen = reading.work.unseen([person.pseudonym])
        over = reading.many(SectorClock, reading.work.missed_clocks(at=at, unseen=unseen, limit=MOST))
        return over, listed(reading, sorted({one.referral_id for one in over}))

    found, cases = await desk.practice.look(look)
    numbers = {one.referral_id: one.number for one in cases.referrals}
    names = names_of(await accounts_of(desk))
    return [
        {
            "referral_id": one.referral_id,
            "number": spoken(numbers[one.referral_id]),
            "duty": rulebook.name(one.rule),
            "basis": rulebook.basis(one.rule).citation,
            "due_at": one.due_at,
            "holder": _named(cases.holders.get(one.referral_id), names),
        }
        for one in sorted(found, key=lambda one: (one.due_at, one.key))
    ]


def _conflict(one: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    number = spoken(number_of(one["referral_id"]))
    return {**one, "number": number, "who": _named(one["actor"], names), "to": _named(one["handed_to"], names)}


def _named(pseudonym: str | None, names: Mapping[str, str]) -> str | None:
    return None if pseudonym is None else names.get(pseudonym, pseudonym)
