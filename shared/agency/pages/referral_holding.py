"""Who has a case: a button to take it, one to let it go, and a page to hand it over."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.assigning import HandingOver, hand_over, let_go, take
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.referral_asking import people_here
from shared.agency.pages.referral_face import face_of
from shared.agency.routes.callers import Id
from shared.kernel.errors import MeshError, NotFound
from shared.pages.forms import Form, Posted, wrong
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.records import Account, Person, Role

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]
_TEMPLATE: Final = "agency/referral_hand_over.html"


def holding_router(desk: PageDesk) -> APIRouter:
    """Make the routes of taking, letting go and handing over."""
    router = page_router()
    office = desk.practice.office

    @router.post("/referrals/{id}/take")
    async def take_case(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        await office.referral(id, person.pseudonym)
        caller = desk.caller(person, form, path=request.url.path)
        await take(office, caller, id, gender=person.account.gender, knowing=form.ticked("knowing"))
        return see_other(f"/referrals/{id}")

    @router.post("/referrals/{id}/let-go")
    async def let_case_go(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        await office.referral(id, person.pseudonym)
        caller = desk.caller(person, form, path=request.url.path)
        await let_go(office, caller, id, supervises=person.role is Role.SUPERVISOR)
        return see_other(f"/referrals/{id}")

    @router.get("/referrals/{id}/hand-over")
    async def ask(request: Request, person: _Caseworker, id: Id) -> Response:
        return desk.pages.answer(request, _TEMPLATE, **await _values(desk, person, id))

    @router.post("/referrals/{id}/hand-over")
    async def hand(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        caller = desk.caller(person, form, path=request.url.path)
        try:
            handing = await handing_of(desk, person, form)
            await office.referral(id, person.pseudonym)
            await hand_over(office, caller, id, handing)
        except NotFound:
            raise
        except MeshError as error:
            values = await _values(desk, person, id)
            return desk.pages.refused(request, _TEMPLATE, error, **values | {"to": form.text("to")})
        return see_other(f"/referrals/{id}")

    return router


async def _values(desk: PageDesk, person: Person, referral_id: str) -> dict[str, Any]:
    face = await face_of(desk, person, referral_id)
    people = await people_here(desk, but=person.pseudonym)
    return {"face": face, "id": referral_id, "people": people, "to": "", "act": new_form_key()}


async def handing_of(desk: PageDesk, person: Person, form: Form) -> HandingOver:
    """Read to whom a case goes. Raises `InputRejected`."""
    wanted = form.line("to", most=63)
    accounts = await desk.front.people.read(lambda reading: reading.find(Account, pseudonym=wanted))
    if not accounts:
        raise wrong("to", "assignment.colleague", "Choose a colleague who works on cases here.")
    return HandingOver(to=accounts[0], supervises=person.role is Role.SUPERVISOR, knowing=form.ticked("knowing"))
