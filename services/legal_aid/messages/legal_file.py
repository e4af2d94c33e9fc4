"""Her legal file, as it is read."""

from services.legal_aid.messages.assignments import AssignmentV1
from services.legal_aid.messages.claims import ClaimV1
from services.legal_aid.messages.complaints import ComplaintV1
from services.legal_aid.messages.eligibility import EligibilityV1
from services.legal_aid.messages.exposures import OfferV1, RecordedExposureV1
from services.legal_aid.messages.hearings import HearingV1
from services.legal_aid.messages.proceedings import CourtOrderV1, DeadlineV1, ProceedingV1
from shared.wire.fields import Open


class LegalFileV1(Open):
    """Everything that was recorded for her here; the latest of each part counts."""

    eligibility: list[EligibilityV1]
    assignments: list[AssignmentV1]
    proceedings: list[ProceedingV1]
    deadlines: list[DeadlineV1]
    court_orders: list[CourtOrderV1]
    hearings: list[HearingV1]
    claims: list[ClaimV1]
    exposures: list[RecordedExposureV1]
    offers: list[OfferV1]
    complaints: list[ComplaintV1]
