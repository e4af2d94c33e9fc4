"""Opening what is closed: a form with a reason, and the content in the answer to it and nowhere else.

Promises that no address holds content: it is in the answer to a form that can be sent once. Whoever goes back, loads
the page anew or sends the form again is led to the referral. Every opening and every look is on record first
(`shared.agency.reading`, rule R-24).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.acting import Caller, register
from shared.agency.office import Office
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.referral_contents import contents_of
from shared.agency.pages.referral_face import speaker_for, state_said
from shared.agency.pages.referral_words import CLOSED, REASONS
from shared.agency.ports import Desk
from shared.agency.records import HoldingState
from shared.agency.routes.callers import Id
from shared.agency.weighing import HOLD_REASON
from shared.kernel.errors import InputRejected
from shared.pages.catalogue import N_
from shared.pages.forms import Form, Posted, wrong
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.records import Person, Role
from shared.sop.model import Compartment, Sop, Stage

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]

#: Why a part is closed, by its state.
_STATES: Final[Mapping[str, str]] = {
    HoldingState.SEALED.value: N_("Sealed. The gateway gives its half of the key once you give a reason."),
    HoldingState.OPENED.value: N_("Kept here under its own key. It opens when you give a reason."),
    HoldingState.HELD.value: N_("Kept because a law says so. It is read for that reason alone."),
    HoldingState.DESTROYED.value: N_("Destroyed. Nobody can read it again."),
}
_LATER: Final = N_("Closed until this agency accepts the referral.")


def opening_router(desk: PageDesk) -> APIRouter:
    """Make the routes of opening."""
    router = page_router()

    @router.get("/referrals/{id}/open")
    async def ask(request: Request, person: _Caseworker, id: Id) -> Response:
        return desk.pages.answer(request, "agency/referral_open.html", **await _form(desk, person, id))

    @router.post("/referrals/{id}/open")
    async def opened(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        values = await _form(desk, person, id)
        try:
            wanted, reason = _asked(form, values["parts_list"], values["reasons"])
        except InputRejected as error:
            return desk.pages.refused(request, "agency/referral_open.html", error, **values)
        if not await first_time(desk.practice.office, desk.caller(person, form, path=request.url.path), id):
            return see_other(f"/referrals/{id}")
        shown = await desk.practice.reader.shown(desk.visitor(person, reason), id, wanted)
        contents = contents_of(
            desk.practice.office.sop,
            shown["compartments"],
            has_contact=any(one["name"] == Compartment.CONTACT for one in values["parts_list"]),
        )
        return desk.pages.answer(
            request, "agency/referral_contents.html", id=id, contents=contents, why=REASONS[reason], closed=CLOSED
        )

    return router


async def first_time(office: Office, caller: Caller, outcome: str) -> bool:
    """Say whether a form is sent for the first time; from then on it was."""

    def work(opened: Desk) -> bool:
        return register(office, opened, caller, outcome=outcome) is None

    return await office.store.write(work)


def reasons_for(person: Person, parts: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the reasons that somebody may give: who supervises has one more, and what a law holds has its own."""
    held = any(one["state"] == HoldingState.HELD and one["code"] is None for one in parts)
    left_out = set() if person.role is Role.SUPERVISOR else {"supervision"}
    return {code: says for code, says in REASONS.items() if code not in left_out | (set() if held else {HOLD_REASON})}


async def _form(desk: PageDesk, person: Person, referral_id: str) -> dict[str, Any]:
    office = desk.practice.office
    shown = await desk.practice.reader.outline(desk.visitor(person), referral_id)
    parts = parts_of(office.sop, shown)
    speaker = await speaker_for(desk, [shown["sender"]])
    return {
        "id": referral_id,
        "act": new_form_key(),
        "service": office.sop.services[shown["service_type"]].name,
        "sender": speaker.agency(shown["sender"]),
        "state": state_said(shown["state"], office.sop),
        "parts_list": parts,
        "triage": [one for one in parts if one["stage"] == Stage.TRIAGE],
        "accepted": [one for one in parts if one["stage"] != Stage.TRIAGE],
        "reasons": reasons_for(person, parts),
    }


def parts_of(sop: Sop, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a referral, each with its name and why it stands as it does."""
    names = sop.compartment_names
    return [{**one, "says": names[Compartment(one["name"])], "why": _why(one)} for one in shown["compartments"]]


def _why(one: Mapping[str, Any]) -> str:
    """Return why a part stands as it does, in words of the catalogue."""
    if one["state"] == HoldingState.SEALED and not one["may_be_read"]:
        return CLOSED.get(one["code"] or "", _LATER)
    if one["code"] in CLOSED:
        return CLOSED[one["code"]]
    return _STATES[one["state"]]


def _asked(form: Form, parts: Sequence[Mapping[str, Any]], reasons: Mapping[str, str]) -> tuple[set[Compartment], str]:
    """Return what was ticked and why. Raises `InputRejected`."""
    readable = {one["name"] for one in parts if one["may_be_read"]}
    wanted = {Compartment(name) for name in form.all("part") if name in readable}
    if not wanted:
        raise wrong("part", "field.required", "Tick at least one part.")
    return wanted, form.choice("reason", tuple(reasons))
