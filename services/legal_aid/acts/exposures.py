"""Non-punishment: offered whenever a trafficked person could be punished, and her answer kept (R-14, R-10)."""

from typing import Final

from services.legal_aid.acts.eligibility import status_on_record
from services.legal_aid.acts.legal_file import place_of
from services.legal_aid.messages.exposures import ExposureRequest, OfferAnswerRequest
from services.legal_aid.records import Exposure, Offer, unanswered
from services.legal_aid.rules.eligibility import TRAFFICKED
from services.legal_aid.rules.exposure import OFFERED, Indicator, must_be_offered
from services.legal_aid.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.ports import Desk
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import open_file, record_of
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire

_STATUSES: Final = frozenset(one.value for one in TRAFFICKED)


async def record_exposure(practice: Practice, caller: Caller, referral_id: str, request: ExposureRequest) -> Done:
    """Record what points to trafficking and what she could be punished for; LEG-07 is offered where both are (R-14)."""
    exposure_id, offer_id, at = practice.new_id(), practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SERVICES)
        said = status_on_record(desk, file) in _STATUSES
        indicators = {*request.indicators, *([Indicator.STATUS_OF_VICTIM] if said else [])}
        is_open = bool(unanswered(desk, referral_id)) or file.referral.service_type == OFFERED
        details = {"indicators": sorted(indicators), "issues": sorted(set(request.issues))}
        content = file.lock(place_of(exposure_id), details)
        desk.add(
            Exposure(exposure_id=exposure_id, referral_id=referral_id, at=at, actor=request.actor, content=content)
        )
        if must_be_offered(indicators, request.issues) and not is_open:
            desk.add(Offer(offer_id=offer_id, referral_id=referral_id, at=at, service_type=OFFERED))
        return Outcome(exposure_id)

    act = Act(name="legal-aid.record-exposure", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def answer_offer(
    practice: Practice, caller: Caller, referral_id: str, offer_id: str, request: OfferAnswerRequest
) -> Done:
    """Keep what she answered. Whatever it is, nothing is closed to her, and she may answer otherwise later (R-10)."""
    at = to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SERVICES)
        offer = record_of(desk, Offer, offer_id, referral_id)
        desk.change(offer, answer=request.answer.value, answered_at=at)
        return Outcome(offer_id)

    act = Act(name="legal-aid.answer-offer", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)
