"""The verbs of a referral, each on a page of its own: what it means, what it asks, and one button.

The step itself is `shared.agency.handling.take_step`; what the gateway or a rule refuses is shown with its reasons in
words, and what was typed stands again. Times are written as the clock on the wall shows them in Viet Nam.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.handling import VERBS, take_step
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.referral_asking import agencies_instead, people_here
from shared.agency.pages.referral_face import Face, face_of
from shared.agency.pages.referral_refusals import beside_fields, reasons_in_words
from shared.agency.pages.referral_verbs import GRAVE, StepField, fields_for, possible
from shared.agency.requests import StepRequest, step_request
from shared.agency.routes.callers import Id
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, InputRejected, MeshError, NotFound
from shared.pages.catalogue import N_
from shared.pages.forms import Form, Posted, wrong
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.records import Person
from shared.sop.calendar import ZONE
from shared.sop.model import EventType
from shared.wire.faults import faults_of

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]
_TEMPLATE: Final = "agency/referral_step.html"
_COUNT_MOST: Final = 999

#: What a step means, for whoever is about to take it.
MEANINGS: Final[Mapping[EventType, str]] = {
    EventType.ACKNOWLEDGED: N_("You confirm that a person has read this referral. The sender is told."),
    EventType.INFO_REQUESTED: N_("The clock for deciding stands still, once. Ask only what you need to decide."),
    EventType.INFO_PROVIDED: N_("Write what is about her in a sealed note; here only the kind of answer is said."),
    EventType.ACCEPTED: N_("Your agency takes the case. Only then the rest of what is written can be opened."),
    EventType.DECLINED: N_("Nothing of this case can be read here after that. The sender hears the reason, no more."),
    EventType.SCHEDULED: N_("Choose a time inside her safe hours. Nobody is told of it but the sender's caseworker."),
    EventType.STARTED: N_("She was reached by a safe way, and the service begins."),
    EventType.CONTACT_ATTEMPTED: N_("At most three attempts, inside her safe hours, never through her family."),
    EventType.ON_HOLD: N_("The clock for completing stands still. A clock of a law or of medicine runs on."),
    EventType.RESUMED: N_("The work goes on, and so does its clock."),
    EventType.COMPLETED: N_("The service is given. The sender hears the outcome, no medical or legal detail."),
    EventType.FAILED: N_("It was tried and was not possible. The sender is told and looks for another way."),
    EventType.WITHDRAWN: N_("She does not want this service. Her word is enough: nobody asks her for a reason."),
    EventType.CLOSED: N_("You have told her how it ended, and asked whether it helped."),
    EventType.CANCELLED: N_("You take your referral back. The other agency can read nothing of it any more."),
    EventType.ENTERED_IN_ERROR: N_("It should never have been sent. What was sent is destroyed."),
    EventType.SEALED: N_(
        "She took her consent back. A law may make you keep a part as evidence; then name its article. "
        "Otherwise all of it is destroyed. She is told what you decide."
    ),
}


@dataclass(frozen=True, slots=True)
class _Step:
    verb: str
    event: EventType


def steps_router(desk: PageDesk) -> APIRouter:
    """Make two routes per verb: its page, and the step."""
    router = page_router()
    model = step_request(desk.practice.office.sop)
    for verb, event in VERBS.items():
        path, step = f"/referrals/{{id}}/{verb}", _Step(verb, event)
        router.add_api_route(path, _asking(desk, step), methods=["GET"])
        router.add_api_route(path, _taking(desk, step, model), methods=["POST"])
    return router


_Page = Callable[..., Awaitable[Response]]


def _asking(desk: PageDesk, step: _Step) -> _Page:
    async def ask(request: Request, person: _Caseworker, id: Id) -> Response:
        face = await face_of(desk, person, id)
        if step.event not in possible(desk.practice.office.sop, face.referral, face.shown["compartments"]):
            raise Conflict("referral.transition", "This cannot be done now. Look at the referral to see what can.")
        fields = await _fields(desk, face, step)
        return desk.pages.answer(request, _TEMPLATE, **_values(desk, face, step, fields))

    return ask


def _taking(desk: PageDesk, step: _Step, model: type[StepRequest]) -> _Page:
    async def take(request: Request, person: _Caseworker, id: Id, form: Posted) -> Response:
        caller = desk.caller(person, form, path=request.url.path)
        face = await face_of(desk, person, id)
        fields = await _fields(desk, face, step)
        try:
            said = _request(model, fields, form, actor=person.pseudonym)
            answer = await take_step(desk.practice.office, caller, id, step.verb, said)
        except NotFound:
            raise
        except MeshError as error:
            words = desk.pages.words(desk.pages.language(request))
            reasons = reasons_in_words(error, desk.practice.office.sop, words)
            values = _values(desk, face, step, fields) | {"typed": form, "reasons": reasons}
            return desk.pages.refused(request, _TEMPLATE, beside_fields(error, fields), **values)
        queued = answer.body.get("receipt") is None
        return see_other(f"/referrals/{id}?{'queued' if queued else 'done'}={step.verb}")

    return take


async def _fields(desk: PageDesk, face: Face, step: _Step) -> Sequence[StepField]:
    """Return what a step asks, with the colleagues and the other agencies that may be named."""
    office = desk.practice.office
    people = await people_here(desk) if step.event is EventType.ACCEPTED else ()
    agencies = await agencies_instead(office, face.referral) if step.event is EventType.DECLINED else ()
    return fields_for(office.sop, face.referral, step.event, people=people, agencies=agencies)


def _values(desk: PageDesk, face: Face, step: _Step, fields: Sequence[StepField]) -> dict[str, Any]:
    return {
        "face": face,
        "id": face.referral.referral_id,
        "verb": step.verb,
        "name": desk.practice.office.sop.event_names[step.event],
        "meaning": MEANINGS[step.event],
        "grave": step.event in GRAVE,
        "fields": fields,
        "typed": {},
        "reasons": (),
        "act": new_form_key(),
    }


def _request(model: type[StepRequest], fields: Sequence[StepField], form: Form, *, actor: str) -> StepRequest:
    """Read what was said with a step. Raises `InputRejected`."""
    facts = {one.name: value for one in fields if (value := _value(one, form)) is not None}
    missing = next((one.name for one in fields if one.required and one.name not in facts), None)
    if missing is not None:
        raise wrong(missing, "field.required", "This is needed.")
    try:
        return model.model_validate({"actor": actor, **facts})
    except ValidationError as error:
        raise InputRejected("form.invalid", "Look at what is marked below.", faults=faults_of(error)) from None


def _value(field: StepField, form: Form) -> bool | int | str | None:
    given = form.text(field.name)
    if not given:
        return None
    if field.options:
        chosen = form.choice(field.name, [one.value for one in field.options])
        return chosen == "yes" if field.type == "boolean" else chosen
    if field.type == "count":
        return _count(field.name, given)
    return _moment(field.name, given) if field.type == "time" else form.line(field.name, most=64)


def _count(name: str, given: str) -> int:
    if not given.isascii() or not given.isdigit() or int(given[:9]) > _COUNT_MOST:
        raise wrong(name, "field.type", "Write a whole number.")
    return int(given)


def _moment(name: str, given: str) -> str:
    """Return a time of the wall clock in Viet Nam as wire text."""
    try:
        local = datetime.fromisoformat(given)
        return to_wire(local.replace(tzinfo=ZONE) if local.tzinfo is None else local)
    except (ValueError, OverflowError) as fault:
        raise wrong(name, "field.type", "Choose a day and a time.") from fault
