"""Routes of consent: record, take back, see who was told."""

from typing import Annotated

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from shared.agency.acting import Caller
from shared.agency.consenting import check_consent_seen, record_consent, revoke_consent, show_consent
from shared.agency.office import Office
from shared.agency.reading import CaseReader, Visitor
from shared.agency.requests import ConsentRequest, RevocationRequest
from shared.agency.routes.answers import (
    ConsentReadV1,
    ConsentTakenBackV1,
    ConsentTakenV1,
    PropagationReadV1,
)
from shared.agency.routes.callers import CONSENT, Doorkeeper, Id, told
from shared.web.body import json_body
from shared.web.openapi import LOCATED
from shared.web.withdrawal_page import PAGE_ANSWER, Accept, Format, Lang, page_answer, wants_page
from shared.wire.answers import read_answer
from shared.wire.withdrawals import SignedCertificateV1


def consents_router(office: Office, reader: CaseReader, doors: Doorkeeper) -> APIRouter:
    """Make the routes of consent."""
    router = APIRouter(tags=["consents"])
    recorder = doors.acting(CONSENT)

    @router.post(
        "/v1/consents",
        status_code=201,
        summary="Record what she allows; who she is stays here",
        responses={
            201: dict(LOCATED),
            202: {**LOCATED, "model": ConsentTakenV1, "description": "Queued: the gateway is away."},
        },
    )
    async def record(
        caller: Annotated[Caller, recorder],
        request: Annotated[ConsentRequest, json_body(ConsentRequest)],
        response: Response,
    ) -> ConsentTakenV1:
        done = await record_consent(office, caller, request)
        place = f"/v1/consents/{done.body['consent']['id']}"
        return ConsentTakenV1.model_validate(told(done, response, place))

    @router.get("/v1/consents/{id}", summary="Read a consent recorded here, with who the subject is")
    async def read(id: Id, visitor: Annotated[Visitor, doors.visiting(CONSENT)]) -> ConsentReadV1:
        visit = reader.visit(visitor, "consent", id)
        return ConsentReadV1.model_validate(await show_consent(office, visit, id))

    @router.post(
        "/v1/consents/{id}/revocations",
        status_code=202,
        responses={202: dict(LOCATED)},
        summary="Take consent back, wholly or in part",
    )
    async def revoke(
        id: Id,
        caller: Annotated[Caller, recorder],
        request: Annotated[RevocationRequest, json_body(RevocationRequest)],
        response: Response,
    ) -> ConsentTakenBackV1:
        done = await revoke_consent(office, caller, id, request)
        return ConsentTakenBackV1.model_validate(told(done, response, f"/v1/consents/{id}/propagation"))

    @router.get("/v1/consents/{id}/propagation", summary="Who was told to seal off, and who confirmed")
    async def propagation(id: Id, visitor: Annotated[Visitor, doors.looking(CONSENT)]) -> PropagationReadV1:
        await office.store.write(lambda desk: desk.add(reader.visit(visitor, "propagation", id)))
        await check_consent_seen(office, id, visitor.actor, visitor.pseudonym)
        return PropagationReadV1.model_validate(await office.hub.get(f"/v1/consents/{id}/propagation"))

    @router.get(
        "/v1/consents/{id}/certificate",
        summary="The signed proof of what came of a withdrawal, as data or as a page to print",
        response_model=SignedCertificateV1,
        responses={200: dict(PAGE_ANSWER), 409: {}},
    )
    async def certificate(
        id: Id,
        visitor: Annotated[Visitor, doors.looking(CONSENT)],
        format: Format = None,
        lang: Lang = "vi",
        accept: Accept = None,
    ) -> Response:
        await office.store.write(lambda desk: desk.add(reader.visit(visitor, "certificate", id)))
        await check_consent_seen(office, id, visitor.actor, visitor.pseudonym)
        signed = await office.hub.get(f"/v1/consents/{id}/certificate")
        read_answer(SignedCertificateV1, signed)
        if wants_page(format, accept):
            return page_answer(signed, lang=lang, sop=office.sop)
        return JSONResponse(signed, headers={"Vary": "Accept"})

    return router
