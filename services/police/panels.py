"""What the police do in a case, as its pages offer it: officers, needs, statements, orders, reports, trafficking.

Words follow the law where it has them (no-contact order, crime report, commune police). Each act is the one its route
performs; each register is read as its route reads it.
"""

from collections.abc import Sequence
from typing import Final

from services.police.acts.cancellations import ask_to_cancel, decide_cancellation
from services.police.acts.contacts import allow_contact, report_breach
from services.police.acts.interviews import CHILD_RULE, begin_interview, end_interview
from services.police.acts.needs import ASKING, check_needs
from services.police.acts.officers import assign_officer
from services.police.acts.orders import ASKED, ask_for_order, record_decision
from services.police.acts.reading import LISTED
from services.police.acts.reading import on_record as listed
from services.police.acts.reports import REPORTS, classify, decide_report, pass_on, take_report
from services.police.acts.statements import register_statement
from services.police.acts.supervision import RECEIVED, SUPERVISED, assign_supervisor, hold_meeting, receive_order
from services.police.acts.verification import VERIFIED, record_finding, support_verification
from services.police.messages.cancellations import CancellationDecision, CancellationRequest
from services.police.messages.contacts import BreachRequest, ContactRequest
from services.police.messages.interviews import EndingRequest, InterviewRequest
from services.police.messages.needs import NeedsCheckRequest
from services.police.messages.officers import OfficerRequest
from services.police.messages.orders import DecisionRequest, OrderAsked, ReceivedOrderRequest
from services.police.messages.reports import (
    ClassificationRequest,
    CrimeReportDecision,
    CrimeReportRequest,
    TransferRequest,
)
from services.police.messages.statements import StatementAsTaken
from services.police.messages.supervision import MeetingRequest, SupervisorRequest
from services.police.messages.verification import FindingRequest, VerificationRequest
from services.police.records import Interview, Order
from services.police.rules.checklist import checklist
from services.police.worklists import SERVICES
from shared.agency.pages.panels import (
    At,
    Choice,
    Panel,
    PanelAct,
    Register,
    SectorPanels,
    by_time,
    on_case,
    on_record,
    visited,
)
from shared.agency.sector.practice import Practice
from shared.sop.model import Name

_LISTED: Final = {one.path: one for one in LISTED}


def _register(path: str, title: Name, *acts: PanelAct) -> Register:
    one = _LISTED[path]
    read = visited(path, lambda practice, look, referral_id: listed(practice, look, referral_id, one))
    return Register(
        slug=path,
        title=title,
        kinds={one.kind: title},
        read=read,
        shows=one.model,
        acts=acts,
        hides=frozenset({"order"}),  # an order stands in a register of its own
    )


async def _checklist(_practice: Practice, _at: At) -> Sequence[Choice]:
    return [Choice(one.code, one.says) for one in checklist()]


async def _sessions(practice: Practice, at: At) -> Sequence[Choice]:
    found = await practice.look(lambda look: look.find(Interview, referral_id=at.referral.referral_id))
    ended = [one for one in found if one.ended_at is not None and one.statement_id is None]
    return [by_time(one.interview_id, one.started_at) for one in ended]


async def _orders(practice: Practice, at: At) -> Sequence[Choice]:
    found = await practice.look(lambda look: look.find(Order, referral_id=at.referral.referral_id))
    return [Choice(one.order_id, Name(one.reference, one.reference)) for one in found]


_OFFICERS: Final = Panel(
    slug="officers",
    title=Name(vi="Cán bộ phụ trách", en="Officer"),
    services=SERVICES,
    registers=(_register("officers", Name(vi="Phân công", en="Assignments")),),
    acts=(
        PanelAct(
            slug="assign",
            title=Name(vi="Phân công cán bộ", en="Assign an officer"),
            request=OfficerRequest,
            perform=on_case(assign_officer),
            colleagues=frozenset({"officer"}),
        ),
    ),
)

_NEEDS: Final = Panel(
    slug="needs",
    title=Name(vi="Nhu cầu trước hết", en="Needs first"),
    services=ASKING,
    registers=(_register("needs-checks", Name(vi="Lần hỏi nhu cầu", en="Checks")),),
    acts=(
        PanelAct(
            slug="check",
            title=Name(vi="Ghi nhận nhu cầu", en="Record what she needs"),
            request=NeedsCheckRequest,
            perform=on_case(check_needs),
        ),
    ),
)

_STATEMENTS: Final = Panel(
    slug="statements",
    title=Name(vi="Lấy lời khai", en="Sessions and statements"),
    services=ASKING,
    registers=(
        _register(
            "interviews",
            Name(vi="Buổi làm việc", en="Sessions"),
            PanelAct(
                slug="end",
                title=Name(vi="Kết thúc buổi làm việc", en="End the session"),
                request=EndingRequest,
                perform=on_record(end_interview),
                until="ended_at",
                offers={"checklist": _checklist},
            ),
        ),
        _register("statements", Name(vi="Lời khai", en="Statements")),
    ),
    acts=(
        PanelAct(
            slug="begin",
            title=Name(vi="Bắt đầu buổi làm việc", en="Begin a session"),
            request=InterviewRequest,
            perform=on_case(begin_interview),
            colleagues=frozenset({"officer"}),
        ),
        PanelAct(
            slug="register",
            title=Name(vi="Đăng ký lời khai", en="Register a statement"),
            request=StatementAsTaken,
            perform=on_case(register_statement),
            offers={"interviews": _sessions},
        ),
    ),
    duties={CHILD_RULE: Name(vi="Buổi làm việc với người dưới 18 tuổi kết thúc", en="End the session with a child")},
)

_ORDERS: Final = Panel(
    slug="orders",
    title=Name(vi="Quyết định cấm tiếp xúc", en="No-contact orders"),
    services=SUPERVISED,
    registers=(
        _register(
            "order-requests",
            Name(vi="Đề nghị cấm tiếp xúc", en="Requests"),
            PanelAct(
                slug="decision",
                title=Name(vi="Ghi quyết định của Chủ tịch Ủy ban nhân dân cấp xã", en="Record the decision"),
                request=DecisionRequest,
                perform=on_record(record_decision),
                services=ASKED,
                until="decided",
            ),
        ),
        _register(
            "orders",
            Name(vi="Quyết định", en="Orders"),
            PanelAct(
                slug="cancel",
                title=Name(vi="Ghi đề nghị hủy bỏ", en="Record a request to cancel"),
                request=CancellationRequest,
                perform=on_record(ask_to_cancel),
                until="cancelled_at",
            ),
        ),
        _register(
            "cancellations",
            Name(vi="Đề nghị hủy bỏ", en="Requests to cancel"),
            PanelAct(
                slug="cancellation-decision",
                title=Name(vi="Ghi quyết định về việc hủy bỏ", en="Record what was decided on cancelling"),
                request=CancellationDecision,
                perform=on_record(decide_cancellation),
                until="decided",
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="ask",
            title=Name(vi="Ghi đề nghị cấm tiếp xúc", en="Register a request for an order"),
            request=OrderAsked,
            perform=on_case(ask_for_order),
            services=ASKED,
            offers={"renews": _orders},
        ),
        PanelAct(
            slug="receive",
            title=Name(vi="Nhận quyết định để giám sát", en="Register an order that was handed over"),
            request=ReceivedOrderRequest,
            perform=on_case(receive_order),
            services=RECEIVED,
        ),
    ),
    duties={
        "VN-DV-05": Name(vi="Có quyết định về đề nghị cấm tiếp xúc", en="The request for an order is decided"),
        "VN-DV-08": Name(vi="Có quyết định về đề nghị hủy bỏ", en="The request to cancel is decided"),
    },
)

_SUPERVISION: Final = Panel(
    slug="supervision",
    title=Name(vi="Giám sát việc cấm tiếp xúc", en="Supervision of the order"),
    services=SUPERVISED,
    registers=(
        _register(
            "orders",
            Name(vi="Quyết định đang giám sát", en="Orders"),
            PanelAct(
                slug="supervisor",
                title=Name(vi="Phân công người giám sát", en="Assign a supervisor"),
                request=SupervisorRequest,
                perform=on_record(assign_supervisor),
                until="cancelled_at",
            ),
            PanelAct(
                slug="contact",
                title=Name(vi="Ghi tiếp xúc trong trường hợp đặc biệt", en="Record contact on a special occasion"),
                request=ContactRequest,
                perform=on_record(allow_contact),
                until="cancelled_at",
            ),
            PanelAct(
                slug="breach",
                title=Name(vi="Ghi vi phạm quyết định", en="Record a breach"),
                request=BreachRequest,
                perform=on_record(report_breach),
            ),
        ),
        _register(
            "supervisions",
            Name(vi="Người giám sát", en="Supervisors"),
            PanelAct(
                slug="meeting",
                title=Name(vi="Ghi cuộc họp công bố", en="Record the meeting that announces it"),
                request=MeetingRequest,
                perform=on_record(hold_meeting),
                until="announced_at",
            ),
        ),
        _register("contacts", Name(vi="Tiếp xúc đặc biệt", en="Contacts")),
        _register("breaches", Name(vi="Vi phạm", en="Breaches")),
    ),
    duties={
        "VN-DV-12": Name(vi="Phân công người giám sát", en="A supervisor is assigned"),
        "VN-DV-13": Name(vi="Họp công bố việc giám sát", en="The meeting announces the supervision"),
    },
)

_REPORTS: Final = Panel(
    slug="reports",
    title=Name(vi="Tố giác, tin báo về tội phạm", en="Crime report"),
    services=REPORTS,
    registers=(
        _register(
            "crime-reports",
            Name(vi="Tố giác, tin báo", en="Reports"),
            PanelAct(
                slug="transfer",
                title=Name(vi="Ghi việc chuyển tin báo", en="Record that it was passed on"),
                request=TransferRequest,
                perform=on_record(pass_on),
                until="passed_on_at",
            ),
            PanelAct(
                slug="classification",
                title=Name(vi="Phân loại tin báo", en="Classify it"),
                request=ClassificationRequest,
                perform=on_record(classify),
                until="classified_at",
            ),
            PanelAct(
                slug="decision",
                title=Name(vi="Ghi kết quả giải quyết", en="Record what was decided"),
                request=CrimeReportDecision,
                perform=on_record(decide_report),
                until="found",
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="take",
            title=Name(vi="Tiếp nhận tố giác, tin báo", en="Take a crime report"),
            request=CrimeReportRequest,
            perform=on_case(take_report),
        ),
    ),
    duties={
        "VN-CR-01": Name(vi="Chuyển tin báo đến cơ quan có thẩm quyền", en="The report is passed on"),
        "VN-CR-02": Name(vi="Phân loại tin báo", en="The report is classified"),
        "VN-CR-03": Name(vi="Giải quyết tin báo", en="The report is decided"),
    },
)

_TRAFFICKING: Final = Panel(
    slug="trafficking",
    title=Name(vi="Xác minh ban đầu về mua bán người", en="Verification of trafficking"),
    services=VERIFIED,
    registers=(
        _register(
            "verifications",
            Name(vi="Xác minh", en="Verifications"),
            PanelAct(
                slug="finding",
                title=Name(vi="Ghi kết quả xác minh", en="Record what the lead found"),
                request=FindingRequest,
                perform=on_record(record_finding),
                until="found",
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="support",
            title=Name(vi="Phối hợp xác minh", en="Support a verification"),
            request=VerificationRequest,
            perform=on_case(support_verification),
        ),
    ),
    duties={"VN-TR-03": Name(vi="Có kết quả xác minh ban đầu", en="The verification is finished")},
)

PANELS: Final = SectorPanels(
    "services.police", (_OFFICERS, _NEEDS, _STATEMENTS, _ORDERS, _SUPERVISION, _REPORTS, _TRAFFICKING)
)
