"""Notes between the two caseworkers: sealed for the other side, read with a reason, written here.

Promises what the opening of a compartment promises: the text of a note is in no address, and in no page that can be
loaded anew (`shared.agency.pages.referral_opening`).
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.handling import send_note
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.referral_face import face_of, speaker_for
from shared.agency.pages.referral_opening import first_time, reasons_for
from shared.agency.pages.referral_refusals import reasons_in_words
from shared.agency.pages.referral_words import REASONS
from shared.agency.records import Note
from shared.agency.requests import NOTE_MOST, NoteRequest
from shared.agency.routes.callers import Id
from shared.kernel.errors import InputRejected, MeshError, NotFound
from shared.pages.forms import Form, Posted, wrong
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.records import Person

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]
_TEMPLATE: Final = "agency/referral_notes.html"


def notes_router(desk: PageDesk) -> APIRouter:
    """Make the routes of notes."""
    router = page_router()

    @router.get("/referrals/{id}/notes")
    async def notes(request: Request, person: _Caseworker, id: Id) -> Response:
        return desk.pages.answer(request, _TEMPLATE, **await _values(desk, request, person, id))

    @router.post("/referrals/{id}/notes")
    async def write(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        caller = desk.caller(person, form, path=request.url.path)
        try:
            said = NoteRequest(text=_text(form), actor=person.pseudonym)
            answer = await send_note(desk.practice.office, caller, id, said)
        except NotFound:
            raise
        except MeshError as error:
            values = await _values(desk, request, person, id)
            words = desk.pages.words(desk.pages.language(request))
            told = {"typed": form.get("text", ""), "why": reasons_in_words(error, desk.practice.office.sop, words)}
            return desk.pages.refused(request, _TEMPLATE, error, **values | told)
        queued = answer.body.get("receipt") is None
        return see_other(f"/referrals/{id}/notes?{'queued' if queued else 'done'}=note")

    @router.post("/referrals/{id}/notes/read")
    async def read(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        values = await _values(desk, request, person, id)
        try:
            reason = form.choice("reason", tuple(values["reasons"]))
        except InputRejected as error:
            return desk.pages.refused(request, _TEMPLATE, error, **values)
        if not await first_time(desk.practice.office, desk.caller(person, form, path=request.url.path), id):
            return see_other(f"/referrals/{id}/notes")
        notes = await desk.practice.reader.notes(desk.visitor(person, reason), id)
        speaker = await speaker_for(desk, {one["by"] for one in notes})
        shown = [{**one, "agency": speaker.agency(one["by"])} for one in notes]
        return desk.pages.answer(request, "agency/referral_notes_read.html", id=id, notes=shown, said=REASONS[reason])

    return router


async def _values(desk: PageDesk, request: Request, person: Person, referral_id: str) -> dict[str, Any]:
    face = await face_of(desk, person, referral_id)
    kept = await desk.practice.look(lambda reading: len(reading.find(Note, referral_id=referral_id)))
    return {
        "face": face,
        "id": referral_id,
        "act": new_form_key(),
        "count": kept,
        "reasons": reasons_for(person, ()),
        "typed": "",
        "most": NOTE_MOST,
        "why": (),
        "done": request.query_params.get("done") == "note",
        "queued": request.query_params.get("queued") == "note",
    }


def _text(form: Form) -> str:
    text = form.text("text")
    if not text or len(text) > NOTE_MOST:
        raise wrong("text", "field.length", "Write at most 4,000 characters, and at least one.")
    return text
