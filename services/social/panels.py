"""What social services do in a case, as their pages offer it: beds, risk, safety plan, case, child, support, status.

Where a house is stands on no panel: it is told to the house's own staff alone, on a route of its own (R-18). Each act
is the one its route performs; each register is read as its route reads it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.social import records
from services.social.acts import beds, cases, children, contact, places, risk, safety, support, trafficking
from services.social.messages import cases as case_messages
from services.social.messages import children as child_messages
from services.social.messages.beds import AdmissionRequest, BookingV1, DepartureRequest, HoldRequest, ReleaseRequest
from services.social.messages.contact import ContactCheckRequest
from services.social.messages.risk import RiskRequest, RiskV1
from services.social.messages.safety import CopyRequest, PlanRequest, SafetyPlanV1
from services.social.messages.support import SettlementRequest, SupportBookingRequest, SupportBookingV1
from services.social.messages.trafficking import ReceptionRequest, StandingV1, StatusRequest, SupportRequest
from services.social.rules.beds import STAY_RULES, PlaceKind
from services.social.rules.cases import CLOSE_REVIEW, PLAN, REVIEW
from services.social.rules.children import COPY, DECIDE, STAY
from services.social.rules.entitlements import VERIFY
from services.social.worklists import SERVICES
from shared.agency.pages.panels import (
    At,
    Choice,
    Panel,
    PanelAct,
    Register,
    SectorPanels,
    on_case,
    on_record,
    visited,
)
from shared.agency.ports import Reading
from shared.agency.sector.practice import Practice
from shared.sop.model import Name

_KINDS: Final[Mapping[str, Name]] = {
    PlaceKind.SHELTER.value: Name(vi="nơi tạm lánh", en="shelter"),
    PlaceKind.TRUSTED_ADDRESS.value: Name(vi="địa chỉ tin cậy", en="trusted address"),
    PlaceKind.FACILITY.value: Name(vi="cơ sở trợ giúp xã hội", en="facility"),
}


async def _places(practice: Practice, _at: At) -> Sequence[Choice]:
    """Return the places by their codes, with the beds that are free; never where they are (R-18)."""
    found = await practice.look(lambda look: places.shown_places(practice, look))
    return [_place(one) for one in found]


def _place(one: Mapping[str, Any]) -> Choice:
    free, kind = sum(beds["free"] for beds in one["beds"].values()), _KINDS[one["kind"]]
    says = Name(vi=f"{one['code']}: {kind.vi}, còn {free} chỗ", en=f"{one['code']}: {kind.en}, {free} free")
    return Choice(one["id"], says)


async def _lease(_practice: Practice, at: At) -> str | None:
    """Return the lease of the gateway that the referral came with."""
    return at.referral.facts.get(beds.LEASE)


async def _versions(practice: Practice, at: At) -> list[int]:
    found = await practice.look(lambda look: look.find(records.SafetyPlan, referral_id=at.referral.referral_id))
    return sorted(one.version for one in found)


async def _latest_version(practice: Practice, at: At) -> Sequence[Choice]:
    latest = max(await _versions(practice, at), default=0)
    first = Name(vi="Chưa có kế hoạch nào", en="There is no plan yet")
    after = Name(vi=f"Sau phiên bản {latest}", en=f"After version {latest}")
    return [Choice(str(latest), after if latest else first)]


async def _every_version(practice: Practice, at: At) -> Sequence[Choice]:
    return [Choice(str(one), Name(vi=f"Phiên bản {one}", en=f"Version {one}")) for one in await _versions(practice, at)]


def _booking(_practice: Practice, look: Reading, referral_id: str) -> dict[str, Any] | None:
    return beds.shown_booking(look, referral_id)


def _standing(practice: Practice, look: Reading, referral_id: str) -> dict[str, Any] | None:
    standing = trafficking.shown_standing(practice, look, referral_id)
    return standing if standing["statuses"] or standing["status"] else None


def _child(practice: Practice, look: Reading, referral_id: str) -> dict[str, Any] | None:
    shown = children.shown_child(practice, look, referral_id)
    return shown if shown["forms"] or shown["decisions"] or shown["hotline_told_at"] else None


_BEDS: Final = Panel(
    slug="beds",
    title=Name(vi="Chỗ tạm lánh", en="Beds"),
    services=beds.SERVICES,
    registers=(
        Register(
            slug="bed",
            title=Name(vi="Chỗ của người đó", en="Her bed"),
            kinds={records.Booking: Name(vi="Lần giữ chỗ hoặc tiếp nhận", en="Bookings")},
            read=visited("bed", _booking),
            shows=BookingV1,
        ),
    ),
    acts=(
        PanelAct(
            slug="hold",
            title=Name(vi="Giữ chỗ", en="Hold beds"),
            request=HoldRequest,
            perform=on_case(beds.hold_beds),
            offers={"place_id": _places},
            fills={"lease_id": _lease},
        ),
        PanelAct(
            slug="admit",
            title=Name(vi="Tiếp nhận vào ở", en="Record that she has come"),
            request=AdmissionRequest,
            perform=on_case(beds.admit),
            offers={"place_id": _places},
        ),
        PanelAct(
            slug="let-go",
            title=Name(vi="Thôi giữ chỗ", en="Let held beds go"),
            request=ReleaseRequest,
            perform=on_case(beds.let_go),
        ),
        PanelAct(
            slug="leave",
            title=Name(vi="Ghi người đó đã rời đi", en="Record that she left"),
            request=DepartureRequest,
            perform=on_case(beds.leave),
        ),
    ),
    duties=dict.fromkeys(STAY_RULES.values(), Name(vi="Hết thời hạn lưu trú", en="Her stay ends")),
)

_CONTACT: Final = Panel(
    slug="contact",
    title=Name(vi="Liên hệ an toàn", en="Safe contact"),
    services=SERVICES,
    registers=(),
    acts=(
        PanelAct(
            slug="check",
            title=Name(vi="Hỏi trước khi liên hệ", en="Ask before you contact her"),
            request=ContactCheckRequest,
            perform=on_case(contact.check_contact),
        ),
    ),
)

_RISK: Final = Panel(
    slug="risk",
    title=Name(vi="Đánh giá nguy cơ", en="Risk"),
    services=risk.ASSESSING,
    registers=(
        Register(
            slug="risk",
            title=Name(vi="Các lần đánh giá", en="Assessments"),
            kinds={records.RiskAssessment: Name(vi="Lần đánh giá", en="Assessments")},
            read=visited("risk", risk.shown_assessments),
            shows=RiskV1,
        ),
    ),
    acts=(
        PanelAct(
            slug="assess",
            title=Name(vi="Ghi đánh giá nguy cơ", en="Record an assessment"),
            request=RiskRequest,
            perform=on_case(risk.assess_risk),
        ),
    ),
)

_SAFETY: Final = Panel(
    slug="safety-plan",
    title=Name(vi="Kế hoạch an toàn", en="Safety plan"),
    services=safety.PLANNING,
    registers=(
        Register(
            slug="safety-plan",
            title=Name(vi="Các phiên bản", en="Versions"),
            kinds={records.SafetyPlan: Name(vi="Phiên bản", en="Versions")},
            read=visited("safety-plan", safety.shown_plans),
            shows=SafetyPlanV1,
        ),
    ),
    acts=(
        PanelAct(
            slug="save",
            title=Name(vi="Lập kế hoạch cùng người đó", en="Make a plan with her"),
            request=PlanRequest,
            perform=on_case(safety.save_plan),
            offers={"based_on": _latest_version},
        ),
        PanelAct(
            slug="copy",
            title=Name(vi="Giao bản sao cho người đó", en="Give her a copy"),
            request=CopyRequest,
            perform=on_case(safety.give_copy),
            offers={"version": _every_version},
        ),
    ),
    duties={risk.PLAN_CLOCK: Name(vi="Có kế hoạch an toàn", en="There is a safety plan")},
)

_CASE: Final = Panel(
    slug="case",
    title=Name(vi="Quản lý trường hợp", en="Case management"),
    services=cases.MANAGING,
    registers=(
        Register(
            slug="case",
            title=Name(vi="Hồ sơ", en="The case"),
            kinds={
                records.ManagedCase: Name(vi="Hồ sơ", en="Cases"),
                records.CasePlan: Name(vi="Kế hoạch", en="Plans"),
                records.CaseReview: Name(vi="Lần rà soát", en="Reviews"),
            },
            read=visited("case", cases.shown_case),
            shows=case_messages.CaseV1,
        ),
    ),
    acts=(
        PanelAct(
            slug="open",
            title=Name(vi="Mở hồ sơ", en="Open the case"),
            request=case_messages.CaseRequest,
            perform=on_case(cases.open_case),
            colleagues=frozenset({"lead"}),
        ),
        PanelAct(
            slug="plan",
            title=Name(vi="Lập kế hoạch", en="Set a plan"),
            request=case_messages.CasePlanRequest,
            perform=on_case(cases.set_plan),
        ),
        PanelAct(
            slug="review",
            title=Name(vi="Rà soát", en="Review it"),
            request=case_messages.ReviewRequest,
            perform=on_case(cases.review_case),
        ),
        PanelAct(
            slug="hand-over",
            title=Name(vi="Giao người khác phụ trách", en="Hand it over"),
            request=case_messages.HandOverRequest,
            perform=on_case(cases.hand_over),
            colleagues=frozenset({"lead"}),
        ),
        PanelAct(
            slug="close",
            title=Name(vi="Đóng hồ sơ", en="Close the case"),
            request=case_messages.ClosureRequest,
            perform=on_case(cases.close_case),
        ),
    ),
    duties={
        PLAN: Name(vi="Có kế hoạch hỗ trợ", en="There is a plan"),
        REVIEW: Name(vi="Rà soát kế hoạch", en="The plan is reviewed"),
        CLOSE_REVIEW: Name(vi="Xem xét đóng hồ sơ", en="It is weighed whether to close the case"),
    },
)

_CHILD: Final = Panel(
    slug="child",
    title=Name(vi="Trẻ em gặp nguy hiểm", en="A child in danger"),
    services=children.PROTECTING,
    registers=(
        Register(
            slug="child",
            title=Name(vi="Biểu mẫu và quyết định", en="Forms and decisions"),
            kinds={
                records.ChildForm: Name(vi="Biểu mẫu", en="Forms"),
                records.ChildDecision: Name(vi="Quyết định", en="Decisions"),
            },
            read=visited("child", _child),
            shows=child_messages.ChildV1,
        ),
    ),
    acts=(
        PanelAct(
            slug="form-01",
            title=Name(vi="Mẫu 01: tiếp nhận thông tin", en="Form 01: what was reported"),
            request=child_messages.ReceiptRequest,
            perform=on_case(children.fill_receipt),
        ),
        PanelAct(
            slug="form-02",
            title=Name(vi="Mẫu 02: đánh giá nguy cơ ban đầu", en="Form 02: first assessment of risk"),
            request=child_messages.RiskFormRequest,
            perform=on_case(children.fill_risk),
        ),
        PanelAct(
            slug="decision",
            title=Name(vi="Mẫu 07: ghi quyết định của Chủ tịch", en="Form 07: what the chair decided"),
            request=child_messages.DecisionRequest,
            perform=on_case(children.record_decision),
        ),
        PanelAct(
            slug="stay-end",
            title=Name(vi="Kết thúc tạm cách ly", en="The child is no longer kept apart"),
            request=child_messages.EndOfStayRequest,
            perform=on_case(children.end_stay),
        ),
        PanelAct(
            slug="hotline",
            title=Name(vi="Đã báo tổng đài 111", en="Hotline 111 was told"),
            request=child_messages.HotlineCopyRequest,
            perform=on_case(children.tell_hotline),
        ),
    ),
    duties={
        DECIDE: Name(vi="Chủ tịch Ủy ban nhân dân cấp xã quyết định", en="The chair of the commune decides"),
        STAY: Name(vi="Hết thời hạn tạm cách ly", en="The stay ends"),
        COPY: Name(vi="Báo tổng đài 111", en="Hotline 111 is told"),
    },
)

_HELPERS: Final = Panel(
    slug="helpers",
    title=Name(vi="Phiên dịch, người đi cùng, đưa đón", en="Interpreter, companion, transport"),
    services=support.SUPPORTING,
    registers=(
        Register(
            slug="support",
            title=Name(vi="Đã đặt", en="Bookings"),
            kinds={records.SupportBooking: Name(vi="Lần đặt", en="Bookings")},
            read=visited("support", support.shown_bookings),
            shows=SupportBookingV1,
            acts=(
                PanelAct(
                    slug="settle",
                    title=Name(vi="Ghi có đến hay không", en="Record whether they were there"),
                    request=SettlementRequest,
                    perform=on_record(support.settle),
                    until="settled_at",
                ),
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="book",
            title=Name(vi="Đặt người hỗ trợ", en="Book somebody"),
            request=SupportBookingRequest,
            perform=on_case(support.book),
        ),
    ),
)

_TRAFFICKING: Final = Panel(
    slug="trafficking",
    title=Name(vi="Nạn nhân bị mua bán: tiếp nhận và hỗ trợ", en="Trafficking: reception and support"),
    services=trafficking.GIVING,
    registers=(
        Register(
            slug="trafficking",
            title=Name(vi="Tình trạng và quyền được hỗ trợ", en="Her status and what it gives"),
            kinds={
                records.StatusTurn: Name(vi="Lần xác định", en="Decisions"),
                records.SupportGiven: Name(vi="Hỗ trợ đã cấp", en="Supports given"),
            },
            read=visited("trafficking", _standing),
            shows=StandingV1,
        ),
    ),
    acts=(
        PanelAct(
            slug="receive",
            title=Name(vi="Tiếp nhận", en="Record a reception"),
            request=ReceptionRequest,
            perform=on_case(trafficking.receive),
            services=trafficking.RECEIVING,
        ),
        PanelAct(
            slug="status",
            title=Name(vi="Ghi tình trạng đã xác định", en="Record her status"),
            request=StatusRequest,
            perform=on_case(trafficking.record_status),
        ),
        PanelAct(
            slug="give",
            title=Name(vi="Ghi hỗ trợ đã cấp", en="Record a support that was given"),
            request=SupportRequest,
            perform=on_case(trafficking.give),
        ),
    ),
    duties={VERIFY: Name(vi="Có kết quả xác minh ban đầu", en="The verification is finished")},
)

PANELS: Final = SectorPanels(
    "services.social", (_BEDS, _CONTACT, _RISK, _SAFETY, _CASE, _CHILD, _HELPERS, _TRAFFICKING)
)
