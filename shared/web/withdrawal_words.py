"""The words of the withdrawal certificate's page, in Vietnamese and English. They name nobody and judge nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the page says in one language. `columns` begin with the number of the row."""

    title: str
    heading: str
    complete: str
    incomplete: str
    taken_back: str
    taking: str
    whole: str
    part: str
    by: Mapping[str, str]
    holders: str
    caption: str
    columns: tuple[str, str, str, str, str, str]
    results: Mapping[str, str]
    reasons: Mapping[str, str]
    kept: str
    late: str
    extended: str
    none_yet: str
    proof: str
    how: str
    proof_names: tuple[str, str, str, str, str]


_VI: Final = Words(
    title="Giấy xác nhận",
    heading="Giấy xác nhận",
    complete="Tất cả các nơi giữ thông tin đã trả lời.",
    incomplete="Chưa xong. Số câu trả lời còn thiếu: {count}. Các nơi đó vẫn đang được nhắc.",
    taken_back="Sự đồng ý đã rút lại",
    taking="{at}: {what}, {by}",
    whole="toàn bộ",
    part="một phần",
    by={
        "survivor": "theo lời của chính người đó",
        "guardian": "theo lời của người giám hộ",
        "recorder": "do nơi ghi nhận sự đồng ý báo",
    },
    holders="Những nơi giữ thông tin",
    caption="Số 1.2 là nơi thứ hai nhận thông tin từ nơi số 1. Giờ Việt Nam.",
    columns=("Số", "Nơi giữ", "Nhận từ", "Kết quả", "Trả lời lúc", "Hạn trả lời"),
    results={
        "pending": "chưa trả lời",
        "unreachable": "chưa liên hệ được",
        "never_opened": "chưa từng mở; không bao giờ mở được nữa",
        "sealed": "đã niêm, không đọc được nữa",
        "legal_hold": "phải giữ lại một phần theo luật",
    },
    reasons={
        "agency.disabled": "nơi này đã ngừng tham gia",
        "notice.undelivered": "thông báo chưa đến nơi",
        "notice.rejected": "thông báo bị trả lại",
    },
    kept="căn cứ {article}, giữ: {names}",
    late="quá hạn",
    extended="đã gia hạn một lần, hạn theo luật đến {until} ({reason})",
    none_yet="chưa có",
    proof="Cách kiểm tra",
    how=(
        "Trang này trình bày một tài liệu có chữ ký. Ai có tài liệu đó đều kiểm tra được mà không cần mạng: "
        "python -m mesh certificate verify TỆP --jwks KHÓA. Mã SHA-256 dưới đây phải khớp."
    ),
    proof_names=("Lập lúc", "Nơi lập", "Số của sự đồng ý", "SHA-256 của tài liệu", "Sổ ghi: số mục / gốc"),
)

_EN: Final = Words(
    title="Confirmation",
    heading="Confirmation",
    complete="Everybody who held information has answered.",
    incomplete="Not finished. Answers still to come: {count}. Those who owe them are being reminded.",
    taken_back="What was taken back",
    taking="{at}: {what}, {by}",
    whole="all of it",
    part="a part of it",
    by={
        "survivor": "on her own word",
        "guardian": "on a guardian's word",
        "recorder": "reported by the agency that recorded the consent",
    },
    holders="Who held information",
    caption="Number 1.2 is the second that received it from number 1. Times of Viet Nam.",
    columns=("No.", "Holder", "Received from", "Result", "Answered at", "Due at"),
    results={
        "pending": "not answered yet",
        "unreachable": "could not be reached yet",
        "never_opened": "never opened; can never be opened any more",
        "sealed": "sealed off, cannot be read any more",
        "legal_hold": "a law makes them keep a part",
    },
    reasons={
        "agency.disabled": "this agency no longer takes part",
        "notice.undelivered": "the notice has not arrived",
        "notice.rejected": "the notice was sent back",
    },
    kept="by {article}, keeps: {names}",
    late="late",
    extended="extended once, by law until {until} ({reason})",
    none_yet="not yet",
    proof="How to verify",
    how=(
        "This page shows a signed document. Whoever has that document can verify it without a network: "
        "python -m mesh certificate verify FILE --jwks KEYS. The SHA-256 below has to match."
    ),
    proof_names=(
        "Issued at",
        "Issued by",
        "Number of the consent",
        "SHA-256 of the document",
        "Ledger: entries / root",
    ),
)

WORDS: Final[Mapping[str, Words]] = {"vi": _VI, "en": _EN}
