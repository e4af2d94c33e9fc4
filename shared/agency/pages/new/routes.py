"""The pages of a new referral. Every step posts, and what was typed is kept before it is judged.

Promises: nothing a person said is in an address or on the list of unfinished referrals; a step back or a bad line
loses nothing; what is wrong is said beside its field.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.new import consent, sending, wants, what, whom
from shared.agency.pages.new.beginning import begun_from
from shared.agency.pages.new.candidates import candidates
from shared.agency.pages.new.words import HELD_BACK, reasons_of
from shared.agency.pages.new.writing import STEPS, Step, Writing, after, before, pairs_of
from shared.agency.records import Referral
from shared.agency.unsent import Opened, begin, drop, keep, reopen, written_by
from shared.kernel.errors import InputRejected, MeshError
from shared.kernel.identifiers import UUID7_PATTERN
from shared.pages.catalogue import LANGUAGES
from shared.pages.forms import Form, Posted
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.pages.schema_forms import MORE
from shared.people.records import Account, Person, Role
from shared.referral.number import spoken

_Worker = Annotated[Person, signed_in(*CASEWORK)]
_Id = Annotated[str | None, Query(pattern=UUID7_PATTERN)]
_Page = Literal["wants", "consent", "whom", "what", "review"]
_START: Final = "/new"
_WRONG: Final = 422


def new_referral_router(desk: PageDesk) -> APIRouter:
    """Make the routes of a new referral."""
    router = page_router()
    _add_list(router, desk)
    _add_ends(router, desk)
    _add_steps(router, desk)
    return router


def _add_list(router: APIRouter, desk: PageDesk) -> None:
    @router.get(_START)
    async def start(
        request: Request, person: _Worker, parent: _Id = None, replaces: _Id = None, consent: _Id = None
    ) -> Response:
        given = {"parent": parent, "replaces": replaces, "consent": consent}
        unfinished = await written_by(desk.practice.office, person.account.account_id)
        listed = [(one, _service_of(desk, one)) for one in unfinished]
        return desk.pages.answer(request, "agency/new/start.html", unfinished=listed, given=given)

    @router.post(_START)
    async def make(person: _Worker, form: Posted) -> Response:
        steps, known = await begun_from(desk, person, form)
        opened = await begin(desk.practice.office, person, known=known)
        if steps:
            await keep(desk.practice.office, opened, step="wants", typed=steps)
        return see_other(f"{_START}/{opened.draft_id}/wants")


def _add_ends(router: APIRouter, desk: PageDesk) -> None:
    @router.post("/new/{draft_id}/drop")
    async def forget(draft_id: str, person: _Worker) -> Response:
        await drop(desk.practice.office, await reopen(desk.practice.office, person.account.account_id, draft_id))
        return see_other(_START)

    @router.post("/new/{draft_id}/send")
    async def send(request: Request, draft_id: str, person: _Worker) -> Response:
        writing = await _writing(desk, person, draft_id)
        if writing.opened.record.referral_id is None:
            try:
                await sending.send(writing, await sending.whole_of(writing))
            except sending.StepOpen as unfinished:
                return see_other(writing.path(unfinished.step))
            except MeshError as refusal:
                return await _review(request, writing, refusal)
        return see_other(writing.path("sent"))

    @router.get("/new/{draft_id}/sent")
    async def sent(request: Request, draft_id: str, person: _Worker) -> Response:
        writing = await _writing(desk, person, draft_id)
        referral_id = writing.opened.record.referral_id
        if referral_id is None:
            return see_other(writing.path("review"))
        referral = await desk.practice.office.referral(referral_id, person.pseudonym)
        return desk.pages.answer(request, "agency/new/sent.html", **_next(desk, referral))


def _add_steps(router: APIRouter, desk: PageDesk) -> None:
    @router.get("/new/{draft_id}/{step}")
    async def show(request: Request, draft_id: str, step: _Page, person: _Worker) -> Response:
        writing = await _writing(desk, person, draft_id)
        if writing.opened.record.referral_id is not None:
            return see_other(writing.path("sent"))
        return await _show(request, writing, step)

    @router.post("/new/{draft_id}/{step}")
    async def take(request: Request, draft_id: str, step: _Page, person: _Worker, form: Posted) -> Response:
        writing = await _writing(desk, person, draft_id)
        opened = await keep(desk.practice.office, writing.opened, step=step, typed=pairs_of(form))
        writing = Writing(desk, person, opened)
        return await _turn(request, writing, step, form) or await _go_on(request, writing, step)


async def _turn(request: Request, writing: Writing, step: Step, form: Form) -> Response | None:
    """Do what another button than the one that goes on asks for."""
    match form.text("go"):
        case "leave":
            return see_other(_START)
        case "back":
            return see_other(writing.path(before(step)))
        case "again":
            return await _look_again(writing, step)
        case "take-over":
            return await _take_over(writing)
    return await _show(request, writing, step, form=form) if form.text(MORE) else None


async def _go_on(request: Request, writing: Writing, step: Step) -> Response:
    """Go on to the next step, or show again what is not right yet."""
    try:
        await _check(writing, step)
    except sending.StepOpen as unfinished:
        if unfinished.step == step:
            return await _show(request, writing, step, error=unfinished)
        return see_other(writing.path(unfinished.step))
    return see_other(writing.path(after(step)))


async def _writing(desk: PageDesk, person: Person, draft_id: str) -> Writing:
    return Writing(desk, person, await reopen(desk.practice.office, person.account.account_id, draft_id))


async def _check(writing: Writing, step: Step) -> None:
    """Check this step and those before it. Raises `StepOpen`."""
    try:
        await sending.whole_of(writing)
    except sending.StepOpen as unfinished:
        order = list(STEPS)
        if order.index(unfinished.step) <= order.index(step):
            raise


async def _look_again(writing: Writing, step: Step) -> Response:
    wanted = wants.read_wants(writing, writing.typed("wants"))
    await candidates(writing, wanted, anew=True)
    return see_other(writing.path(step))


async def _take_over(writing: Writing) -> Response:
    """Fill in what the referral before says, where nothing was typed."""
    wanted = wants.read_wants(writing, writing.typed("wants"))
    basis = consent.read_basis(writing, wanted, writing.typed("consent"))
    found, writing = await candidates(writing, wanted)
    kinds = await what.kinds_for(writing, wanted, basis, whom.read_whom(writing.typed("whom"), found, basis))
    said = await what.taken_over(writing, wanted, kinds)
    typed = writing.opened.steps.get("what", {})
    own = {name: values for name, values in typed.items() if any(values)}
    await keep(writing.office, writing.opened, step="what", typed={**said, **own})
    return see_other(writing.path("what"))


async def _show(
    request: Request, writing: Writing, step: Step, *, form: Form | None = None, error: MeshError | None = None
) -> Response:
    """Show a step; one that stands on an unfinished step leads back to that one."""
    if step == "review":
        return await _review(request, writing)
    typed = form or writing.typed(step)
    try:
        values = await _values(request, writing, step, typed)
    except InputRejected:
        return see_other(writing.path(before(step)))
    values |= _frame(writing, step)
    template, pages = f"agency/new/{step}.html", writing.desk.pages
    if error is not None:
        return pages.refused(request, template, error, status=_WRONG, **values)
    return pages.answer(request, template, **values)


async def _values(request: Request, writing: Writing, step: Step, typed: Form) -> dict[str, Any]:
    if step == "wants":
        return wants.shown(writing, typed)
    wanted = wants.read_wants(writing, writing.typed("wants"))
    found, writing = await candidates(writing, wanted)
    if step == "consent":
        values = consent.shown(writing, wanted, typed, found)
        values |= {"approvers": await _approvers(writing)}
        return values | {"texts": _texts(request, writing, values)}
    basis = consent.read_basis(writing, wanted, writing.typed("consent"))
    if step == "whom":
        return whom.shown(writing, typed, found, basis, wanted.service)
    recipient = whom.read_whom(writing.typed("whom"), found, basis)
    kinds = await what.kinds_for(writing, wanted, basis, recipient)
    return what.shown(writing, wanted, typed, kinds)


async def _review(request: Request, writing: Writing, refusal: MeshError | None = None) -> Response:
    try:
        whole = await sending.whole_of(writing)
    except sending.StepOpen as unfinished:
        return see_other(writing.path(unfinished.step))
    values: dict[str, Any] = {**_frame(writing, "review"), "whole": whole, "match": whole.found.one(whole.recipient)}
    sop = writing.sop
    try:
        draft, parcel = await sending.preview(writing, whole)
        law = whole.basis.law
        maximum = next((one.maximum for kind, one in sop.legal_bases.items() if law and kind == law.kind), None)
        nothing = parcel.decided_by_gateway
        values |= {
            "told": [] if nothing else sending.told_of(draft, parcel, sop.schemas),
            "missing": sending.missing_of(draft, parcel, maximum),
            "held_back": sending.held_back_of(parcel),
            "level": sop.urgencies[draft.urgency],
        }
    except MeshError as fault:
        refusal = refusal or fault
        values |= {"told": [], "missing": [], "held_back": [], "level": sop.urgencies[whole.wants.urgency]}
    values |= {"kind_names": sop.compartment_names, "held_back_words": HELD_BACK, "reasons": []}
    pages = writing.desk.pages
    if refusal is None:
        return pages.answer(request, "agency/new/review.html", **values)
    values["reasons"] = reasons_of(refusal, sop)
    return pages.refused(request, "agency/new/review.html", refusal, status=_WRONG, **values)


def _frame(writing: Writing, step: Step) -> dict[str, Any]:
    return {"step": step, "steps": STEPS, "draft": writing.opened}


async def _approvers(writing: Writing) -> list[tuple[str, str]]:
    """Return the colleagues who may approve a disclosure by law: they are named to nobody but this agency."""
    people = writing.desk.front.people
    found = await people.read(lambda reading: reading.find(Account, role=Role.SUPERVISOR.value))
    return [(one.pseudonym, one.name) for one in found if one.disabled_at is None]


def _texts(request: Request, writing: Writing, values: Mapping[str, Any]) -> list[tuple[str, str, Markup]]:
    """Return the text to read aloud in every language, that of the page first. It is made by our own template."""
    pages = writing.desk.pages
    own = pages.language(request)
    languages = sorted(LANGUAGES, key=lambda one: one != own)
    return [
        (one, LANGUAGES[one], Markup(pages.text(request, "agency/new/read_aloud.html", language=one, **values)))  # noqa: S704 - rendered with every value escaped
        for one in languages
    ]


def _service_of(desk: PageDesk, opened: Opened) -> Any:
    """Return the name of the service that an unfinished referral is for, when that was chosen."""
    code = (opened.steps.get("wants", {}).get("service_type") or [""])[-1]
    service = desk.practice.office.sop.services.get(code)
    return service.name if service else None


def _next(desk: PageDesk, referral: Referral) -> dict[str, Any]:
    sop = desk.practice.office.sop
    service = sop.services[referral.service_type]
    return {
        "referral": referral,
        "number": spoken(referral.number),
        "service": service.name,
        "level": next(one for urgency, one in sop.urgencies.items() if urgency == referral.urgency),
        "consent_id": referral.consent_id,
    }
