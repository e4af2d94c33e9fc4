"""What is owed after this agency disclosed something without consent: a second person, and telling her.

The gateway keeps these duties and decides who may answer them (`shared.agency.overriding`); it is asked each time. Here
they stand with the number of the case, for its own people; the review is another body's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.office import Office
from shared.agency.overriding import CONFIRM, TOLD, state_override
from shared.agency.pages.desk import PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.inbox import log_look
from shared.agency.pages.rows import accounts_of, names_of
from shared.agency.pages.supervision import HOME, Supervisor, frame
from shared.agency.requests import OverrideActRequest
from shared.agency.routes.callers import Id
from shared.kernel.errors import MeshError, NotFound, PeerUnavailable
from shared.pages.catalogue import N_
from shared.pages.forms import Posted
from shared.pages.routes import page_router, see_other
from shared.people.records import Person
from shared.referral.number import number_of, spoken
from shared.sop.model import LegalBasisKind

_TEMPLATE: Final = "agency/supervision_overrides.html"
_LIST: Final = f"{HOME}/overrides"
#: As many as the gateway gives at once.
_MOST: Final = 200

#: How a disclosure without consent stands.
STATES: Final[Mapping[str, str]] = {
    "unconfirmed": N_("A second person must confirm it"),
    "awaiting_review": N_("The review is to come"),
    "ended": N_("Nobody confirmed it in time: access has ended"),
    "reviewed": N_("Reviewed"),
}


def overrides_router(desk: PageDesk) -> APIRouter:
    """Make the routes of what is owed after a disclosure without consent."""
    router = page_router()

    @router.get(_LIST)
    async def overrides(request: Request, person: Supervisor) -> Response:
        await log_look(desk, request, person, "overrides")
        return await _page(desk, request, person)

    async def state(request: Request, person: Person, id: str, form: Posted, what: str) -> Response:
        caller = desk.caller(person, form, path=request.url.path)
        try:
            stated = OverrideActRequest(actor=person.pseudonym)
            await state_override(desk.practice.office, caller, id, what, stated)
        except NotFound:
            raise
        except MeshError as error:
            return await _page(desk, request, person, error=error)
        return see_other(_LIST)

    @router.post(f"{_LIST}/{{id}}/confirm")
    async def confirm(request: Request, person: Supervisor, id: Id, form: Posted) -> Response:
        return await state(request, person, id, form, CONFIRM)

    @router.post(f"{_LIST}/{{id}}/told")
    async def told(request: Request, person: Supervisor, id: Id, form: Posted) -> Response:
        return await state(request, person, id, form, TOLD)

    return router


async def _page(desk: PageDesk, request: Request, person: Person, *, error: MeshError | None = None) -> Response:
    values = frame(desk)
    try:
        values["overrides"] = await _shown(desk, person)
    except PeerUnavailable as away:
        return desk.pages.refused(request, _TEMPLATE, error or away, status=503, **values, overrides=None)
    if error is not None:
        return desk.pages.refused(request, _TEMPLATE, error, **values)
    return desk.pages.answer(request, _TEMPLATE, **values)


async def _shown(desk: PageDesk, person: Person) -> Sequence[Mapping[str, Any]]:
    office = desk.practice.office
    answer = await office.hub.get("/v1/overrides", {"limit": _MOST})
    unseen = set(await desk.practice.look(lambda reading: reading.work.unseen([person.pseudonym])))
    names = names_of(await accounts_of(desk))
    shown = [_override(one, office, names) for one in answer["items"] if one["referral_id"] not in unseen]
    return sorted(shown, key=lambda one: (not one["owed"], one["made_at"]))


def _override(one: Mapping[str, Any], office: Office, names: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a disclosure as its agency's supervisor sees it: duties with their ends, people by their names."""
    duties = [_duty(N_("A second person confirms"), one["confirmation"], names)]
    duties.append(_duty(N_("She is told"), one["telling"], names))
    duties.append(_duty(N_("It is reviewed by oversight"), one["review"], names))
    confirmable = one["state"] == "unconfirmed" and one["confirmation"].get("at") is None
    return {
        "referral_id": one["referral_id"],
        "number": spoken(number_of(one["referral_id"])),
        "service": office.sop.services[one["service_type"]].name,
        "ground": office.sop.legal_bases[LegalBasisKind(one["basis"]["kind"])].name,
        "article": one["basis"]["article"],
        "unsafe": one["basis"]["notify_unsafe"],
        "approver": names.get(one["basis"]["approver"], one["basis"]["approver"]),
        "made_at": one["made_at"],
        "state": STATES[one["state"]],
        "duties": [duty for duty in duties if duty["due_at"] or duty["at"]],
        "confirmable": confirmable,
        "tellable": one["telling"].get("at") is None,
        "confirm_act": new_form_key(),
        "told_act": new_form_key(),
        "owed": confirmable or one["telling"].get("at") is None,
        "outcome": office.sop.overrides.outcomes.get(one["review"].get("outcome") or ""),
    }


def _duty(title: str, owed: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    by = owed.get("by")
    return {
        "title": title,
        "due_at": owed.get("due_at"),
        "at": owed.get("at"),
        "by": names.get(by, by) if by else None,
    }
