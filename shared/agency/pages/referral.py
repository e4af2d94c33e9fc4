"""The page of a referral: what is asked, what is due, what happened, what can be done. Nothing on it is about a person.

Promises that nothing is opened by looking at it, and that its address, its title and its text hold no name, no place
and no word that somebody wrote (R-07, R-20). What is closed opens on a page of its own.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.handling import VERBS
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.referral_face import face_of, speaker_for
from shared.agency.pages.referral_opening import parts_of
from shared.agency.pages.referral_values import Said, Speaker
from shared.agency.pages.referral_words import LOOKED_AT, REASONS
from shared.agency.records import Visit
from shared.agency.requests import StatementRequest
from shared.agency.routes.callers import Id
from shared.agency.statements import ask_for_statement
from shared.pages.forms import Posted
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.records import Person
from shared.sop.model import Compartment, Name, Sop

#: So many looks are shown, the latest.
_LOOKS_SHOWN: Final = 200

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]


def referral_router(desk: PageDesk) -> APIRouter:
    """Make the routes of looking at a referral and at who looked."""
    router = page_router()

    @router.get("/referrals/{id}")
    async def referral(request: Request, person: _Caseworker, id: Id) -> Response:
        again = "x-refresh" in request.headers  # what does not renew itself is left out, so that little is sent
        face = await face_of(desk, person, id, with_chain=not again)
        sop = desk.practice.office.sop
        done, queued = (_verb(sop, request.query_params.get(name)) for name in ("done", "queued"))
        values: dict[str, Any] = {"face": face, "id": id, "done": done, "queued": queued}
        values |= {"act": "" if again else new_form_key(), "asked": request.query_params.get("asked") == "statement"}
        values["panels"] = await desk.panels_for(face.referral)
        return desk.pages.answer(request, "agency/referral.html", parts_list=parts_of(sop, face.shown), **values)

    @router.get("/referrals/{id}/looked")
    async def looked(request: Request, person: _Caseworker, id: Id) -> Response:
        visits = await desk.practice.visit(desk.visitor(person), "visits", id, lambda reading: reading.visits(id))
        speaker = await speaker_for(desk, ())
        panels = desk.panels.looked_at()
        shown = [_visit(one, speaker, panels) for one in reversed(visits[-_LOOKS_SHOWN:])]
        return desk.pages.answer(request, "agency/referral_looked.html", id=id, visits=shown)

    @router.post("/referrals/{id}/ask-statement")
    async def ask_statement(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        caller = desk.caller(person, form, path=request.url.path)
        await ask_for_statement(desk.practice.office, caller, id, StatementRequest(actor=person.pseudonym))
        return see_other(f"/referrals/{id}?asked=statement")

    return router


def _verb(sop: Sop, verb: str | None) -> Name | None:
    event = VERBS.get(verb or "")
    return None if event is None else sop.event_names[event]


def _visit(visit: Visit, speaker: Speaker, panels: Mapping[str, Name]) -> dict[str, Any]:
    reason = visit.reason or ""
    panel = panels.get(visit.what)
    other = Said("raw", visit.what) if panel is None else Said("name", panel)
    return {
        "at": visit.at,
        "who": speaker.actor(visit.actor),
        "why": Said("text", REASONS[reason]) if reason in REASONS else Said("raw", reason),
        "what": Said("text", LOOKED_AT[visit.what]) if visit.what in LOOKED_AT else other,
        "compartments": [
            speaker.sop.compartment_names[Compartment(one)] for one in visit.compartments if one in {*Compartment}
        ],
    }
