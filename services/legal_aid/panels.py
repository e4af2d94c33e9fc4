"""What legal aid do in a case, as their pages offer it: intake, eligibility, assignment, court, claims, complaints.

Each act is the one its route performs; each part of her legal file is read as its route reads it, as one reading.
"""

from typing import Final

from pydantic import BaseModel

from services.legal_aid.acts.assignments import assign
from services.legal_aid.acts.claims import CLAIMING, claim, take_claim_on
from services.legal_aid.acts.complaints import COMPLAINING, lodge
from services.legal_aid.acts.eligibility import PAPERS, answer_request
from services.legal_aid.acts.exposures import answer_offer, record_exposure
from services.legal_aid.acts.hearings import WARNING as HEARING
from services.legal_aid.acts.hearings import change_hearing, plan_hearing
from services.legal_aid.acts.intake import take_in
from services.legal_aid.acts.legal_file import PARTS, part_shown
from services.legal_aid.acts.proceedings import (
    COURT_ORDERS,
    DEADLINE,
    ORDER_ENDS,
    WARNING,
    ask_court,
    change_proceeding,
    end_deadline,
    record_decision,
    record_proceeding,
    set_deadline,
)
from services.legal_aid.messages.assignments import AssignmentRequest, AssignmentV1
from services.legal_aid.messages.claims import ClaimRequest, ClaimStepRequest, ClaimV1
from services.legal_aid.messages.complaints import ComplaintRequest, ComplaintV1
from services.legal_aid.messages.eligibility import EligibilityRequest, EligibilityV1
from services.legal_aid.messages.exposures import ExposureRequest, OfferAnswerRequest, OfferV1, RecordedExposureV1
from services.legal_aid.messages.hearings import HearingChangeRequest, HearingRequest, HearingV1
from services.legal_aid.messages.intake import IntakeRequest
from services.legal_aid.messages.proceedings import (
    CourtOrderRequest,
    CourtOrderV1,
    DeadlineEndRequest,
    DeadlineRequest,
    DeadlineV1,
    OrderDecisionRequest,
    ProceedingChangeRequest,
    ProceedingRequest,
    ProceedingV1,
)
from services.legal_aid.rules.assignment import ASSIGN_BY
from services.legal_aid.worklists import SERVICES
from shared.agency.pages.panels import Panel, PanelAct, Register, SectorPanels, on_case, on_record, visited
from shared.sop.model import Name


def _part(name: str, title: Name, shows: type[BaseModel], *acts: PanelAct) -> Register:
    read = visited("legal-file", lambda practice, look, referral_id: part_shown(practice, look, referral_id, name))
    return Register(
        slug=name,
        title=title,
        kinds={PARTS[name]: title},
        read=read,
        shows=shows,
        acts=acts,
        hides=frozenset({"record"}),
    )


_INTAKE: Final = Panel(
    slug="intake",
    title=Name(vi="Nhận vụ việc hoặc chuyển đi", en="Take the case or hand it over"),
    services=SERVICES,
    registers=(),
    acts=(
        PanelAct(
            slug="take",
            title=Name(vi="Nhận hoặc chuyển vụ việc", en="Take the case, or hand it over"),
            request=IntakeRequest,
            perform=on_case(take_in),
            colleagues=frozenset({"second"}),
        ),
    ),
)

_ELIGIBILITY: Final = Panel(
    slug="eligibility",
    title=Name(vi="Yêu cầu trợ giúp pháp lý", en="Her request for legal aid"),
    services=SERVICES,
    registers=(_part("eligibility", Name(vi="Trả lời yêu cầu", en="Answers to her request"), EligibilityV1),),
    acts=(
        PanelAct(
            slug="answer",
            title=Name(vi="Trả lời yêu cầu", en="Answer her request"),
            request=EligibilityRequest,
            perform=on_case(answer_request),
        ),
    ),
    duties={PAPERS: Name(vi="Bổ sung giấy tờ", en="Papers follow")},
)

_ASSIGNMENT: Final = Panel(
    slug="assignments",
    title=Name(vi="Người thực hiện trợ giúp pháp lý", en="Legal-aid person"),
    services=SERVICES,
    registers=(_part("assignments", Name(vi="Phân công", en="Assignments"), AssignmentV1),),
    acts=(
        PanelAct(
            slug="assign",
            title=Name(vi="Cử người thực hiện", en="Assign a legal-aid person"),
            request=AssignmentRequest,
            perform=on_case(assign),
            colleagues=frozenset({"assigned"}),
        ),
    ),
    duties=dict.fromkeys(
        ASSIGN_BY.values(), Name(vi="Cử người thực hiện trợ giúp pháp lý", en="A legal-aid person is assigned")
    ),
)

_PROCEEDINGS: Final = Panel(
    slug="proceedings",
    title=Name(vi="Vụ việc tại tòa và thời hạn", en="Proceedings and deadlines"),
    services=SERVICES,
    registers=(
        _part(
            "proceedings",
            Name(vi="Vụ việc", en="Proceedings"),
            ProceedingV1,
            PanelAct(
                slug="change",
                title=Name(vi="Ghi tình trạng hiện nay", en="Record how it stands now"),
                request=ProceedingChangeRequest,
                perform=on_record(change_proceeding),
            ),
        ),
        _part(
            "deadlines",
            Name(vi="Thời hạn", en="Deadlines"),
            DeadlineV1,
            PanelAct(
                slug="end",
                title=Name(vi="Ghi thời hạn kết thúc thế nào", en="Record how it ended"),
                request=DeadlineEndRequest,
                perform=on_record(end_deadline),
                until="ended",
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="record",
            title=Name(vi="Ghi vụ việc tại tòa", en="Record a case in court"),
            request=ProceedingRequest,
            perform=on_case(record_proceeding),
        ),
        PanelAct(
            slug="deadline",
            title=Name(vi="Ghi thời hạn", en="Record a deadline"),
            request=DeadlineRequest,
            perform=on_case(set_deadline),
        ),
    ),
    duties={
        DEADLINE: Name(vi="Hết thời hạn tố tụng", en="A deadline ends"),
        WARNING: Name(vi="Nhắc trước thời hạn", en="A deadline is near"),
    },
)

_COURT_ORDERS: Final = Panel(
    slug="court-orders",
    title=Name(vi="Tòa án cấm tiếp xúc", en="A court's no-contact order"),
    services=COURT_ORDERS,
    registers=(
        _part(
            "court_orders",
            Name(vi="Yêu cầu Tòa án", en="Applications"),
            CourtOrderV1,
            PanelAct(
                slug="decision",
                title=Name(vi="Ghi quyết định của Tòa án", en="Record what the court decided"),
                request=OrderDecisionRequest,
                perform=on_record(record_decision),
                until="valid_to",
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="ask",
            title=Name(vi="Ghi đã yêu cầu Tòa án", en="Record that a court was asked"),
            request=CourtOrderRequest,
            perform=on_case(ask_court),
        ),
    ),
    duties={ORDER_ENDS: Name(vi="Quyết định cấm tiếp xúc sắp hết hiệu lực", en="The order is about to end")},
)

_HEARINGS: Final = Panel(
    slug="hearings",
    title=Name(vi="Phiên tòa, phiên họp", en="Hearings"),
    services=SERVICES,
    registers=(
        _part(
            "hearings",
            Name(vi="Phiên tòa", en="Hearings"),
            HearingV1,
            PanelAct(
                slug="change",
                title=Name(vi="Ghi hoãn, đã mở hoặc hủy", en="Record that it was moved, held or cancelled"),
                request=HearingChangeRequest,
                perform=on_record(change_hearing),
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="plan",
            title=Name(vi="Ghi lịch phiên tòa", en="Plan a hearing"),
            request=HearingRequest,
            perform=on_case(plan_hearing),
        ),
    ),
    duties={HEARING: Name(vi="Phiên tòa sắp đến", en="A hearing is near")},
)

_CLAIMS: Final = Panel(
    slug="claims",
    title=Name(vi="Bồi thường thiệt hại", en="Compensation"),
    services=CLAIMING,
    registers=(
        _part(
            "claims",
            Name(vi="Yêu cầu bồi thường", en="Claims"),
            ClaimV1,
            PanelAct(
                slug="step",
                title=Name(vi="Ghi bước tiếp theo", en="Record the next step"),
                request=ClaimStepRequest,
                perform=on_record(take_claim_on),
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="make",
            title=Name(vi="Ghi yêu cầu bồi thường", en="Record what is claimed"),
            request=ClaimRequest,
            perform=on_case(claim),
        ),
    ),
)

_EXPOSURES: Final = Panel(
    slug="exposures",
    title=Name(vi="Không xử lý nạn nhân bị mua bán", en="Non-punishment"),
    services=SERVICES,
    registers=(
        _part("exposures", Name(vi="Dấu hiệu và hành vi", en="Records"), RecordedExposureV1),
        _part(
            "offers",
            Name(vi="Dịch vụ đã đề nghị", en="Offers"),
            OfferV1,
            PanelAct(
                slug="answer",
                title=Name(vi="Ghi câu trả lời của người đó", en="Record her answer"),
                request=OfferAnswerRequest,
                perform=on_record(answer_offer),
                until="answer",
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="record",
            title=Name(vi="Ghi dấu hiệu và hành vi", en="Record signs and issues"),
            request=ExposureRequest,
            perform=on_case(record_exposure),
        ),
    ),
)

_COMPLAINTS: Final = Panel(
    slug="complaints",
    title=Name(vi="Khiếu nại", en="Complaints"),
    services=COMPLAINING,
    registers=(_part("complaints", Name(vi="Khiếu nại", en="Complaints"), ComplaintV1),),
    acts=(
        PanelAct(
            slug="lodge",
            title=Name(vi="Ghi khiếu nại", en="Record a complaint"),
            request=ComplaintRequest,
            perform=on_case(lodge),
            colleagues=frozenset({"handler"}),
        ),
    ),
)

PANELS: Final = SectorPanels(
    "services.legal_aid",
    (
        _INTAKE,
        _ELIGIBILITY,
        _ASSIGNMENT,
        _PROCEEDINGS,
        _COURT_ORDERS,
        _HEARINGS,
        _CLAIMS,
        _EXPOSURES,
        _COMPLAINTS,
    ),
)
