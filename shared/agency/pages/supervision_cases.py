"""Reassigning: a supervisor gives a case to whoever has time for it, or takes it from somebody.

The rules are those of `shared.agency.assigning`: never to whom the case is kept from (R-11), and where she asked for
a woman or a man (R-01) only with a word about it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.assigning import hand_over, let_go, wants_gender, who_had_it
from shared.agency.lists import Listed, listed
from shared.agency.pages.colleagues import workers
from shared.agency.pages.desk import PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.referral_holding import handing_of
from shared.agency.pages.rows import accounts_of, names_of, rows_of
from shared.agency.pages.supervision import HOME, Supervisor, frame
from shared.agency.ports import Reading
from shared.agency.records import ActRecord
from shared.agency.routes.callers import Id
from shared.kernel.clock import to_wire
from shared.kernel.errors import MeshError, NotFound
from shared.pages.account import GENDER_NAMES
from shared.pages.catalogue import N_
from shared.pages.forms import Posted
from shared.pages.routes import page_router, see_other
from shared.people.records import Person

_TEMPLATE: Final = "agency/supervision_case.html"
_CASE: Final = HOME + "/cases/{id}"

#: What the journal of a case says of who had it.
ACT_NAMES: Final = {
    "case.take": N_("Taken"),
    "case.hand-over": N_("Handed over"),
    "case.let-go": N_("Let go"),
}


def cases_router(desk: PageDesk) -> APIRouter:
    """Make the routes of reassigning."""
    router, office = page_router(), desk.practice.office

    @router.get(_CASE)
    async def choose(request: Request, person: Supervisor, id: Id) -> Response:
        return desk.pages.answer(request, _TEMPLATE, **await _values(desk, person, id))

    @router.post(_CASE)
    async def reassign(request: Request, person: Supervisor, id: Id, form: Posted) -> Response:
        caller = desk.caller(person, form, path=request.url.path)
        try:
            await hand_over(office, caller, id, await handing_of(desk, person, form))
        except NotFound:
            raise
        except MeshError as error:
            values = await _values(desk, person, id) | {"to": form.text("to")}
            return desk.pages.refused(request, _TEMPLATE, error, **values)
        return see_other(f"{HOME}/cases/{id}")

    @router.post(f"{_CASE}/let-go")
    async def take_away(request: Request, person: Supervisor, id: Id, form: Posted) -> Response:
        await let_go(office, desk.caller(person, form, path=request.url.path), id, supervises=True)
        return see_other(f"{HOME}/cases/{id}")

    return router


async def _values(desk: PageDesk, person: Person, referral_id: str) -> dict[str, Any]:
    office, at = desk.practice.office, to_wire(desk.practice.now())
    referral = await office.referral(referral_id, person.pseudonym)

    def look(reading: Reading) -> tuple[Any, Listed, Sequence[ActRecord]]:
        loads = reading.work.loads(at=at, unseen=reading.work.unseen([person.pseudonym]))
        return loads, listed(reading, [referral_id]), who_had_it(reading, referral_id)

    loads, case, journal = await desk.practice.look(look)
    accounts = await accounts_of(desk)
    names = names_of(accounts)
    wanted, holder = wants_gender(referral), case.holders.get(referral_id)
    return {
        **frame(desk),
        "row": rows_of(case, office, names)[0],
        "wanted": GENDER_NAMES.get(wanted or ""),
        "held": holder is not None,
        "people": [one for one in workers(accounts, loads, office) if one.pseudonym != holder],
        "journal": [_entry(one, names) for one in reversed(journal)],
        "to": "",
        "act": new_form_key(),
        "let_go_act": new_form_key(),
    }


def _entry(one: ActRecord, names: Mapping[str, str]) -> dict[str, Any]:
    """Return a line of the journal; who was refused, and why, stands there too."""
    return {
        "at": one.at,
        "what": ACT_NAMES[one.act],
        "by": names.get(one.actor, one.actor),
        "to": names.get(one.target or "", one.target) if one.act == "case.hand-over" else None,
        "refused": one.code,
    }
