"""Routes of non-punishment."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.legal_aid.acts.exposures import answer_offer, record_exposure
from services.legal_aid.acts.legal_file import shown
from services.legal_aid.messages.exposures import ExposureRequest, ExposureV1, OfferAnswerRequest, OfferV1
from services.legal_aid.records import Exposure, Offer, unanswered
from shared.agency.acting import Caller
from shared.agency.ports import Reading
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def exposures_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: non-punishment"])

    @router.post(
        "/referrals/{id}/exposures",
        status_code=201,
        summary="Record what points to trafficking and what she could be punished for",
    )
    async def record(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[ExposureRequest, json_body(ExposureRequest)],
        response: Response,
    ) -> ExposureV1:
        done = await record_exposure(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: ExposureV1.model_validate(
                _shown(practice, reading, record_of(reading, Exposure, done.target, id))
            ),
        )

    @router.post(
        "/referrals/{id}/offers/{offer_id}/answer", status_code=201, summary="Record what she answered to an offer"
    )
    async def answer(
        id: Id,
        offer_id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[OfferAnswerRequest, json_body(OfferAnswerRequest)],
        response: Response,
    ) -> OfferV1:
        done = await answer_offer(practice, caller, id, offer_id, request)
        return await practice.told(
            done,
            response,
            lambda reading: OfferV1.model_validate(
                shown(practice, reading, record_of(reading, Offer, done.target, id))
            ),
        )

    return router


def _shown(practice: Practice, reading: Reading, record: Exposure) -> dict[str, Any]:
    """Return a record with the offers of its case that wait for her answer."""
    offers = [shown(practice, reading, one) for one in unanswered(reading, record.referral_id)]
    return {**shown(practice, reading, record), "offers": offers}
