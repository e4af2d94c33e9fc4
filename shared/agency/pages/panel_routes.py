"""The pages of a profession's panels: how they stand, what is on record, and a form for each act.

Promises that what is on record is shown in the answer to a form with a reason and nowhere else, and that each reading
is logged as that of the API is (R-24); that whom a case is kept from meets nothing here (R-11); that an act is done
once, by the same function as its route; and that a refusal names its rule and what that is derived from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.acting import Caller
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.panel_forms import act_form, beside_fields
from shared.agency.pages.panel_reading import offered, opened, states_of
from shared.agency.pages.panels import At, Choice, Panel, PanelAct, nothing_here
from shared.agency.pages.referral_opening import reasons_for
from shared.agency.records import Referral
from shared.agency.routes.callers import Id
from shared.agency.sector.practice import Practice
from shared.kernel.errors import Conflict, InputRejected, InternalFault, MeshError, NotPermitted
from shared.kernel.identifiers import UUID7_PATTERN
from shared.pages.forms import Form, Posted
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.pages.schema_forms import MORE, Typed, typed_in
from shared.people.records import Account, Person
from shared.sop.model import Name
from shared.wire.problem import status_of

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]
_SAID: Final = (InputRejected, Conflict, NotPermitted)
_ID: Final = re.compile(UUID7_PATTERN)
_PANEL: Final = "agency/panel.html"
_ACT: Final = "agency/panel_act.html"


@dataclass(frozen=True, slots=True)
class Why:
    """Why an act was refused: the rule in words where it has a name, its id, and what it is derived from."""

    says: Name | None
    rule: str
    basis: str


@dataclass(frozen=True, slots=True)
class _Doing:
    """An act that somebody is about to do: of which panel, where, and by whom; `people` are her colleagues."""

    panel: Panel
    act: PanelAct
    at: At
    people: Sequence[Choice]
    actor: str


def panels_router(desk: PageDesk) -> APIRouter:
    """Make the routes of the panels."""
    router = page_router()
    _add_looking(router, desk)
    _add_acting(router, desk)
    return router


def _add_looking(router: APIRouter, desk: PageDesk) -> None:
    @router.get("/referrals/{id}/panels")
    async def overview(request: Request, person: _Caseworker, id: Id) -> Response:
        referral = await _referral(desk, person, id)
        states = await states_of(desk.practice, desk.panels, referral)
        return desk.pages.answer(request, "agency/panels.html", id=id, states=states, **_heading(desk, referral))

    @router.get("/referrals/{id}/panels/{slug}")
    async def panel(request: Request, person: _Caseworker, id: Id, slug: str) -> Response:
        return desk.pages.answer(request, _PANEL, **await _panel(desk, request, person, id, slug))

    @router.post("/referrals/{id}/panels/{slug}")
    async def opening(request: Request, person: _Caseworker, id: Id, slug: str, form: Posted) -> Response:
        values = await _panel(desk, request, person, id, slug)
        try:
            reason = form.choice("reason", tuple(values["reasons"]))
        except InputRejected as error:
            return desk.pages.refused(request, _PANEL, error, **values)
        visitor, people = desk.visitor(person, reason), await _people(desk)
        found = await opened(desk.practice, values["panel"], values["referral"], visitor, people)
        return desk.pages.answer(request, _PANEL, **values | {"opened": found})


def _add_acting(router: APIRouter, desk: PageDesk) -> None:
    for path in ("/referrals/{id}/panels/{slug}/{act}", "/referrals/{id}/panels/{slug}/{act}/{record_id}"):
        _add_act(router, desk, path)


def _add_act(router: APIRouter, desk: PageDesk, path: str) -> None:
    @router.get(path)
    async def asking(request: Request, person: _Caseworker) -> Response:
        return await _ask(desk, request, await _doing(desk, person, request), Typed({}))

    @router.post(path)
    async def acting(request: Request, person: _Caseworker, form: Posted) -> Response:
        doing = await _doing(desk, person, request)
        if form.text(MORE):
            return await _ask(desk, request, doing, typed_in(form))
        try:
            await _do(desk, doing, form, desk.caller(person, form, path=request.url.path))
        except _SAID as error:
            return await _ask(desk, request, doing, typed_in(form), error=error)
        return see_other(f"/referrals/{doing.at.referral.referral_id}/panels/{doing.panel.slug}?done={doing.act.slug}")


async def _doing(desk: PageDesk, person: Person, request: Request) -> _Doing:
    """Return which act is meant by an address, and where. Raises `NotFound`."""
    named = request.path_params
    record_id = named.get("record_id", "")
    if not all(_ID.fullmatch(one) for one in (named["id"], record_id) if one):
        raise nothing_here()
    referral = await _referral(desk, person, named["id"])
    panel = desk.panels.one(named["slug"], referral)
    act = panel.act(named["act"])
    if panel.acts_on_records(act.slug) is not bool(record_id):
        raise nothing_here()
    people = await _people(desk)
    return _Doing(panel, act, At(referral, record_id), people, person.pseudonym)


async def _do(desk: PageDesk, doing: _Doing, form: Form, caller: Caller) -> None:
    made = await act_form(desk.practice, doing.act, doing.at, doing.people)
    await doing.act.perform(desk.practice, caller, doing.at, made.request(form, doing.actor))


async def _ask(
    desk: PageDesk, request: Request, doing: _Doing, typed: Typed, *, error: MeshError | None = None
) -> Response:
    made = await act_form(desk.practice, doing.act, doing.at, doing.people)
    values: dict[str, Any] = {
        "id": doing.at.referral.referral_id,
        "panel": doing.panel,
        "doing": doing.act,
        "act": new_form_key(),
        "fields": made.fields,
        "typed": typed,
        "why": [] if error is None else _why(desk.practice, error),
    }
    if error is None:
        return desk.pages.answer(request, _ACT, **values)
    return desk.pages.refused(request, _ACT, beside_fields(error), status=status_of(type(error)), **values)


async def _panel(desk: PageDesk, request: Request, person: Person, referral_id: str, slug: str) -> dict[str, Any]:
    referral = await _referral(desk, person, referral_id)
    panel = desk.panels.one(slug, referral)
    states = await states_of(desk.practice, desk.panels, referral)
    done = request.query_params.get("done", "")
    return {
        "id": referral_id,
        "referral": referral,
        "panel": panel,
        "state": next(one for one in states if one.slug == slug),
        "acts": offered(panel.acts, referral),
        "done": next((act.title for act in panel.every_act() if act.slug == done), None),
        "reasons": reasons_for(person, ()),
        "opened": None,
        **_heading(desk, referral),
    }


async def _referral(desk: PageDesk, person: Person, referral_id: str) -> Referral:
    """Return a referral. Raises `NotFound` also for whom it is kept from (R-11)."""
    visitor = desk.visitor(person)
    return await desk.practice.office.referral(referral_id, visitor.actor, visitor.pseudonym)


def _heading(desk: PageDesk, referral: Referral) -> dict[str, Any]:
    return {"service": desk.practice.office.sop.services[referral.service_type]}


async def _people(desk: PageDesk) -> Sequence[Choice]:
    """Return who works on cases here, by pseudonym, with the name that colleagues see."""
    accounts = await desk.front.people.read(lambda reading: reading.find(Account, disabled_at=None))
    roles = {one.value for one in CASEWORK}
    found = [Choice(one.pseudonym, Name(one.name, one.name)) for one in accounts if one.role in roles]
    return sorted(found, key=lambda one: one.says.vi)


def _why(practice: Practice, error: MeshError) -> Sequence[Why]:
    return [Why(_rule(practice, one.rule), one.rule, one.basis) for one in error.reasons]


def _rule(practice: Practice, rule_id: str) -> Name | None:
    known = practice.office.sop.rules.get(rule_id)
    if known is not None:
        return known.says
    try:
        return practice.rulebook.rule(rule_id).says
    except InternalFault:
        return None
