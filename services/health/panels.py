"""What health services do in a case, as their pages offer it: care against time, support, evidence, what leaves.

Treatment and evidence stand on panels of their own, because each can be wanted without the other (R-21). Each act is
the one its route performs; each register is read as its route reads it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.health.acts.certificates import CERTIFYING, choose, give_to_her, issue, shown_certificates
from services.health.acts.custody import hand_over, shown_custody
from services.health.acts.forensic import FORENSIC, ask_consent, examine, take_specimen
from services.health.acts.support import SUPPORTING, shown_supports, support
from services.health.acts.ticks import shown_ticks, tick, untick
from services.health.acts.windows import (
    CARING,
    assess,
    give_dose,
    record_follow_up,
    record_incident,
    shown_windows,
    told_of,
)
from services.health.messages.certificates import (
    CertificateChoiceRequest,
    CertificateGivenRequest,
    CertificateRequest,
    CertificateV1,
)
from services.health.messages.custody import CustodyV1, HandOverRequest
from services.health.messages.forensic import ExaminationRequest, ForensicConsentRequest, SpecimenRequest
from services.health.messages.support import SupportRequest, SupportV1
from services.health.messages.ticks import TickRequest, TickTakenBackRequest, TickV1
from services.health.messages.windows import (
    AssessmentRequest,
    DoseRequest,
    FollowUpRequest,
    IncidentTimeRequest,
    WindowV1,
)
from services.health.records import (
    Assessment,
    Care,
    Certificate,
    Examination,
    FirstLineSupport,
    ForensicConsent,
    HandOver,
    IncidentTime,
    SpecimenTaken,
)
from services.health.rules.windows import load_windows
from shared.agency.acting import Caller
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
    rows_of,
    visited,
)
from shared.agency.ports import Reading
from shared.agency.reading import Visitor
from shared.agency.records import Referral
from shared.agency.sector.acting import Done
from shared.agency.sector.casefile import file_to_read
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire
from shared.kernel.errors import NotFound
from shared.sop.model import Name


async def _start(practice: Practice, at: At) -> str:
    """Return from when windows are counted: the incident on record, else now."""

    def look(reading: Reading) -> str:
        file = file_to_read(practice.office, reading, at.referral.referral_id)
        incident = None if file is None else told_of(file, reading).story.incident_at
        return to_wire(incident or practice.now())

    return await practice.look(look)


async def _specimens(practice: Practice, at: At) -> Sequence[Choice]:
    found = await practice.look(lambda look: look.find(SpecimenTaken, referral_id=at.referral.referral_id))
    return [by_time(one.specimen_id, one.collected_at) for one in found]


async def _custody(practice: Practice, visitor: Visitor, referral: Referral) -> Sequence[Mapping[str, Any]]:
    return rows_of(await shown_custody(practice, visitor, referral.referral_id))


async def _ticks(practice: Practice, visitor: Visitor, referral: Referral) -> Sequence[Mapping[str, Any]]:
    return () if referral.consent_id is None else await shown_ticks(practice, visitor, referral.consent_id)


async def _tick(practice: Practice, caller: Caller, at: At, asked: TickRequest) -> Done:
    if at.referral.consent_id is None:
        raise NotFound("consent.unknown", "This agency knows no such consent.")
    return await tick(practice, caller, at.referral.consent_id, asked)


async def _untick(practice: Practice, caller: Caller, at: At, asked: TickTakenBackRequest) -> Done:
    return await untick(practice, caller, at.record_id, asked)


_WINDOWS: Final = Panel(
    slug="windows",
    title=Name(vi="Chăm sóc theo thời hạn", en="Care against time"),
    services=CARING,
    registers=(
        Register(
            slug="windows",
            title=Name(vi="Cửa sổ lâm sàng", en="Clinical windows"),
            kinds={
                IncidentTime: Name(vi="Thời điểm xảy ra", en="Times of the incident"),
                Assessment: Name(vi="Đánh giá", en="Assessments"),
                Care: Name(vi="Lần chăm sóc", en="Doses and tests"),
            },
            read=visited("windows", lambda practice, look, key: shown_windows(practice, look, key)["items"]),
            shows=WindowV1,
            hides=frozenset({"id", "kind", "seconds_left", "confidence", "rule", "basis"}),
        ),
    ),
    acts=(
        PanelAct(
            slug="incident",
            title=Name(vi="Ghi thời điểm sự việc xảy ra", en="Record when it happened"),
            request=IncidentTimeRequest,
            perform=on_case(record_incident),
        ),
        PanelAct(
            slug="assess",
            title=Name(vi="Ghi những gì người đó cần", en="Record what she needs"),
            request=AssessmentRequest,
            perform=on_case(assess),
            fills={"counted_from": _start},
        ),
        PanelAct(
            slug="dose",
            title=Name(vi="Ghi một liều", en="Record a dose"),
            request=DoseRequest,
            perform=on_case(give_dose),
            fills={"counted_from": _start},
        ),
        PanelAct(
            slug="follow-up",
            title=Name(vi="Ghi xét nghiệm hoặc theo dõi", en="Record a test or an observation"),
            request=FollowUpRequest,
            perform=on_case(record_follow_up),
        ),
    ),
    duties={one.rule: one.name for one in load_windows().values()},
)

_SUPPORT: Final = Panel(
    slug="support",
    title=Name(vi="Hỗ trợ ban đầu", en="First-line support"),
    services=SUPPORTING,
    registers=(
        Register(
            slug="first-line-support",
            title=Name(vi="Lần hỗ trợ", en="Talks"),
            kinds={FirstLineSupport: Name(vi="Lần hỗ trợ", en="Talks")},
            read=visited("first-line-support", shown_supports),
            shows=SupportV1,
        ),
    ),
    acts=(
        PanelAct(
            slug="give",
            title=Name(vi="Ghi một lần hỗ trợ", en="Record first-line support"),
            request=SupportRequest,
            perform=on_case(support),
        ),
    ),
)

_EVIDENCE: Final = Panel(
    slug="evidence",
    title=Name(vi="Giám định pháp y và chứng cứ", en="Forensic examination and evidence"),
    services=FORENSIC,
    registers=(
        Register(
            slug="custody",
            title=Name(vi="Mẫu và chuỗi bảo quản", en="Specimens and chain of custody"),
            kinds={
                ForensicConsent: Name(vi="Câu trả lời về chứng cứ", en="Answers about evidence"),
                Examination: Name(vi="Lần khám", en="Examinations"),
                SpecimenTaken: Name(vi="Mẫu", en="Specimens"),
                HandOver: Name(vi="Lần bàn giao", en="Hand-overs"),
            },
            read=_custody,
            shows=CustodyV1,
            hides=frozenset({"event", "event_id", "record", "previous"}),
        ),
    ),
    acts=(
        PanelAct(
            slug="consent",
            title=Name(vi="Ghi câu trả lời về chứng cứ", en="Record her answer about evidence"),
            request=ForensicConsentRequest,
            perform=on_case(ask_consent),
        ),
        PanelAct(
            slug="examination",
            title=Name(vi="Ghi lần khám pháp y", en="Record a forensic examination"),
            request=ExaminationRequest,
            perform=on_case(examine),
            colleagues=frozenset({"examiner"}),
        ),
        PanelAct(
            slug="specimen",
            title=Name(vi="Ghi mẫu đã lấy", en="Record a specimen"),
            request=SpecimenRequest,
            perform=on_case(take_specimen),
        ),
        PanelAct(
            slug="hand-over",
            title=Name(vi="Bàn giao mẫu", en="Hand specimens over"),
            request=HandOverRequest,
            perform=on_case(hand_over),
            offers={"specimens": _specimens},
            colleagues=frozenset({"given_by"}),
        ),
    ),
)

_CERTIFICATES: Final = Panel(
    slug="certificates",
    title=Name(vi="Giấy chứng nhận thương tích", en="Injury certificates"),
    services=CERTIFYING,
    registers=(
        Register(
            slug="certificates",
            title=Name(vi="Giấy chứng nhận", en="Certificates"),
            kinds={Certificate: Name(vi="Giấy chứng nhận", en="Certificates")},
            read=visited("certificates", shown_certificates),
            shows=CertificateV1,
            acts=(
                PanelAct(
                    slug="given",
                    title=Name(vi="Ghi đã giao cho người đó", en="Record that it is in her hands"),
                    request=CertificateGivenRequest,
                    perform=on_record(give_to_her),
                    until="given_to_her_at",
                ),
                PanelAct(
                    slug="choice",
                    title=Name(vi="Ghi lựa chọn gửi trước", en="Record whether she wants it sent first"),
                    request=CertificateChoiceRequest,
                    perform=on_record(choose),
                ),
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="issue",
            title=Name(vi="Ghi giấy chứng nhận", en="Record a certificate"),
            request=CertificateRequest,
            perform=on_case(issue),
        ),
    ),
)

_TICKS: Final = Panel(
    slug="ticks",
    title=Name(vi="Kết quả nhạy cảm được gửi đi", en="Sensitive results that may leave"),
    services=SUPPORTING,
    registers=(
        Register(
            slug="ticks",
            title=Name(vi="Người đó đồng ý từng loại", en="Her ticks"),
            kinds={},
            read=_ticks,
            shows=TickV1,
            acts=(
                PanelAct(
                    slug="take-back",
                    title=Name(vi="Rút lại", en="Take it back"),
                    request=TickTakenBackRequest,
                    perform=_untick,
                    until="taken_back_at",
                ),
            ),
        ),
    ),
    acts=(
        PanelAct(
            slug="tick",
            title=Name(vi="Ghi sự đồng ý cho một loại kết quả", en="Record her tick for one kind of results"),
            request=TickRequest,
            perform=_tick,
        ),
    ),
)

PANELS: Final = SectorPanels("services.health", (_WINDOWS, _SUPPORT, _EVIDENCE, _CERTIFICATES, _TICKS))
