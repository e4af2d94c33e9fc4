"""A consent on paper, and taking it back: the receipt, her word to withdraw, how far that has come, and the proof.

Promises: no name on any of these pages; taking back asks who says so and for nothing else; what came of it is shown
as the gateway records it. The certificate is the same page that the API prints (`shared.web.withdrawal_page`).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.consenting import check_consent_seen, revoke_consent, show_consent
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.form_key import new_form_key
from shared.agency.pages.new.candidates import names_of
from shared.agency.pages.new.consent import ASSENTS, FORMS, GRANTORS, REASONS
from shared.agency.requests import RevocationRequest
from shared.agency.routes.callers import Id
from shared.kernel.errors import FieldFault, InputRejected, MeshError, PeerUnavailable
from shared.pages.catalogue import N_
from shared.pages.code_words import language_name
from shared.pages.forms import Form, Posted
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.records import Person
from shared.sop.model import Sop
from shared.web.body import checked
from shared.web.withdrawal_page import page_answer
from shared.wire.answers import read_answer
from shared.wire.withdrawals import SignedCertificateV1

_Worker = Annotated[Person, signed_in(*CASEWORK)]

BY: Final = {
    "survivor": N_("She herself says so"),
    "guardian": N_("Whoever consented for her says so"),
    "recorder": N_("This agency finds that it must not stand"),
}
RESULTS: Final = {
    "pending": N_("has not answered yet"),
    "never_opened": N_("never opened it, and never can"),
    "sealed": N_("has sealed it; nobody there can read it any more"),
    "legal_hold": N_("must keep a part by law, unread"),
    "unreachable": N_("cannot be reached; the gateway keeps trying"),
}
_WHO: Final = N_("Say whose word this is.")
_WHICH: Final = N_("Choose everything, or what exactly.")
_SURE: Final = N_("Tick that she knows what follows.")
_REASON: Final = "consent_receipt"


def consents_router(desk: PageDesk) -> APIRouter:
    """Make the routes of consents."""
    router = page_router()
    _add_receipt(router, desk)
    _add_withdrawal(router, desk)
    return router


def _add_receipt(router: APIRouter, desk: PageDesk) -> None:
    @router.get("/consents/{id}")
    async def receipt(request: Request, id: Id, person: _Worker) -> Response:
        return desk.pages.answer(request, "agency/consent.html", **await _receipt(desk, person, id))

    @router.get("/consents/{id}/certificate")
    async def certificate(request: Request, id: Id, person: _Worker) -> Response:
        await _log(desk, person, "certificate", id)
        signed = await desk.practice.office.hub.get(f"/v1/consents/{id}/certificate")
        read_answer(SignedCertificateV1, signed)
        return page_answer(signed, lang=desk.pages.language(request), sop=desk.practice.office.sop)


def _add_withdrawal(router: APIRouter, desk: PageDesk) -> None:
    template = "agency/consent_withdraw.html"

    @router.get("/consents/{id}/withdraw")
    async def ask(request: Request, id: Id, person: _Worker) -> Response:
        values = await _receipt(desk, person, id)
        return desk.pages.answer(request, template, **values, **_asked(Form([]), new_form_key()))

    @router.post("/consents/{id}/withdraw")
    async def take_back(request: Request, id: Id, person: _Worker, form: Posted) -> Response:
        office = desk.practice.office
        await check_consent_seen(office, id, person.pseudonym)
        try:
            revocation = _revocation(form)
            await revoke_consent(office, desk.caller(person, form, path=request.url.path), id, revocation)
        except MeshError as error:
            values = await _receipt(desk, person, id)
            return desk.pages.refused(request, template, error, **values, **_asked(form, form.text("act")))
        return see_other(f"/consents/{id}/withdrawal")

    @router.get("/consents/{id}/withdrawal")
    async def state(request: Request, id: Id, person: _Worker) -> Response:
        await _log(desk, person, "propagation", id)
        try:
            found: Mapping[str, Any] | None = await desk.practice.office.hub.get(f"/v1/consents/{id}/propagation")
        except PeerUnavailable:
            found = None
        agencies = [one["agency"] for one in found["holders"]] if found else []
        names = await names_of(desk.practice.office, agencies)
        return desk.pages.answer(
            request, "agency/consent_withdrawal.html", id=id, found=found, names=names, results=RESULTS
        )


async def _log(desk: PageDesk, person: Person, what: str, consent_id: str) -> None:
    """Put a reading on record, once it is known that it may be read."""
    office = desk.practice.office
    await check_consent_seen(office, consent_id, person.pseudonym)
    visit = desk.practice.reader.visit(desk.visitor(person, _REASON), what, consent_id)
    await office.store.write(lambda records: records.add(visit))


async def _receipt(desk: PageDesk, person: Person, consent_id: str) -> dict[str, Any]:
    """Return what stands on the paper; who she is does not."""
    office = desk.practice.office
    visit = desk.practice.reader.visit(desk.visitor(person, _REASON), "consent", consent_id)
    shown = await show_consent(office, visit, consent_id)
    agencies = sorted({agency for grant in shown["grants"] for agency in grant["recipients"]})
    return {
        "id": consent_id,
        "consent": {name: value for name, value in shown.items() if name != "subject_details"},
        "names": await names_of(office, [office.agency_id, *agencies]),
        "recorder": office.agency_id,
        "agencies": agencies,
        "kinds": _kinds(shown["grants"]),
        "words": _words(office.sop, shown),
        "by_words": BY,
    }


def _kinds(grants: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return sorted({kind for grant in grants for kind in grant["compartments"]})


def _words(sop: Sop, shown: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kinds": {kind.value: name for kind, name in sop.compartment_names.items()},
        "services": {code: service.name for code, service in sop.services.items()},
        "form": FORMS.get(shown["form"], shown["form"]),
        "grantor": next((text for code, text in GRANTORS.items() if code == shown["grantor"]), shown["grantor"]),
        "assent": next((text for code, text in ASSENTS.items() if code == shown.get("assent")), None),
        "language": language_name(shown["language"]),
        "reasons": REASONS,
    }


def _asked(form: Form, act: str) -> dict[str, Any]:
    return {"typed": form, "by": list(BY.items()), "act": act}


def _revocation(form: Form) -> RevocationRequest:
    """Return what is taken back. Raises `InputRejected`."""
    faults, part = [], form.text("scope") == "part"
    recipients, compartments = form.all("recipients"), form.all("compartments")
    if form.text("by") not in BY:
        faults.append(FieldFault("/by", "field.required", _WHO))
    if form.text("scope") not in {"all", "part"} or (part and not recipients and not compartments):
        faults.append(FieldFault("/scope", "field.required", _WHICH))
    if not form.ticked("sure"):
        faults.append(FieldFault("/sure", "field.required", _SURE))
    if faults:
        raise InputRejected("form.invalid", "Look at what is marked below.", faults=tuple(faults))
    taken = {
        "recipients": list(recipients) or None if part else None,
        "compartments": list(compartments) or None if part else None,
    }
    return checked(RevocationRequest, {"by": form.text("by"), **taken})
