"""Declaring a conflict of interest: the case disappears for whoever declares it, and nobody is asked why (R-11)."""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.acting import pseudonym_of
from shared.agency.conflicts import declare_conflict
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.referral_asking import people_here
from shared.agency.pages.referral_face import face_of
from shared.agency.records import Box
from shared.agency.requests import ConflictRequest
from shared.agency.routes.callers import Id
from shared.kernel.errors import InputRejected, MeshError, NotFound, NotPermitted
from shared.pages.forms import Form, Posted
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.records import Person
from shared.wire.faults import faults_of

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]
_TEMPLATE: Final = "agency/referral_conflict.html"
#: Where somebody stands after she has handed a case over: nothing there tells which.
HANDED_OVER: Final = "/handed-over"

_SUPERVISOR, _COLLEAGUE, _NOBODY = "supervisor", "colleague", "nobody"


def conflict_router(desk: PageDesk) -> APIRouter:
    """Make the routes of declaring."""
    router = page_router()

    @router.get("/referrals/{id}/conflict")
    async def ask(request: Request, person: _Caseworker, id: Id) -> Response:
        return desk.pages.answer(request, _TEMPLATE, **await _values(desk, request, person, id))

    @router.post("/referrals/{id}/conflict")
    async def declare(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        office, caller = desk.practice.office, desk.caller(person, form, path=request.url.path)
        system = replace(caller, pseudonym=pseudonym_of(office.agency_id, caller.client_id))
        try:
            await declare_conflict(office, system, id, _request(form, actor=person.pseudonym))
        except NotFound:
            raise
        except MeshError as error:
            values = await _values(desk, request, person, id)
            return desk.pages.refused(request, _TEMPLATE, error, **values | {"typed": form})
        return see_other(HANDED_OVER)

    @router.get(HANDED_OVER)
    async def handed_over(request: Request, person: _Caseworker) -> Response:
        return desk.pages.answer(request, "agency/referral_handed_over.html")

    return router


async def _values(desk: PageDesk, request: Request, person: Person, referral_id: str) -> dict[str, Any]:
    face = await face_of(desk, person, referral_id)
    if face.referral.box != Box.RECEIVED:
        raise NotPermitted("referral.not-recipient", "Only people of the recipient declare a conflict and hand over.")
    people = await people_here(desk, but=person.pseudonym)
    return {"face": face, "id": referral_id, "people": people, "typed": {}, "act": new_form_key()}


def _request(form: Form, *, actor: str) -> ConflictRequest:
    """Read who takes the case. Raises `InputRejected`."""
    whom = form.choice("whom", (_SUPERVISOR, _COLLEAGUE, _NOBODY))
    colleague = form.line("hand_over_to", most=63) if whom == _COLLEAGUE else ""
    try:
        return ConflictRequest(actor=actor, hand_over_to=colleague or None, nobody_else=whom == _NOBODY)
    except ValidationError as error:
        raise InputRejected("form.invalid", "Look at what is marked below.", faults=faults_of(error)) from None
