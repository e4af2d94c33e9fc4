"""Why an agency is proposed where it is: each reason with a stable code, its weight, and words in both languages.

Weights are policy (they can be argued about); codes are part of the contract. What is not stated counts a
little against an agency, what it says it cannot do counts more, what it says it can counts for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.sop.model import Name


@dataclass(frozen=True, slots=True)
class MatchReason:
    """One thing that speaks for (positive weight) or against an agency."""

    code: str
    weight: float
    says: Name


_ROWS: tuple[tuple[str, float, str, str], ...] = (
    # Where: the commune, then its province, then the provinces around it.
    ("area.commune", 3.0, "Phục vụ chính xã, phường này.", "It serves this very commune."),
    ("area.province", 2.0, "Phục vụ cả tỉnh, thành phố này.", "It serves this whole province."),
    (
        "area.unsure",
        0.0,
        "Danh mục chưa biết xã, phường này thuộc tỉnh nào: hãy hỏi trước.",
        "The directory does not know which province this commune is in: ask first.",
    ),
    ("area.neighbour", -1.0, "Ở tỉnh, thành phố giáp ranh.", "It is in a neighbouring province."),
    # When.
    ("hours.open", 2.0, "Đang mở cửa vào thời điểm này.", "It is open at this time."),
    ("hours.closed", -2.0, "Đóng cửa vào thời điểm này.", "It is closed at this time."),
    ("hours.unstated", 0.0, "Chưa công bố giờ làm việc.", "It has not stated its hours."),
    # Whether it takes people, and how old that word is.
    ("availability.fresh", 2.0, "Đang tiếp nhận, mới xác nhận trong 24 giờ.", "It takes people; said within 24 hours."),
    (
        "availability.stale",
        0.5,
        "Có tiếp nhận, nhưng tin đã quá 24 giờ: nên gọi trước.",
        "It takes people, but said so more than 24 hours ago: call first.",
    ),
    (
        "availability.outdated",
        -0.5,
        "Tin về khả năng tiếp nhận đã quá 7 ngày: hãy gọi trước.",
        "What it said of taking people is more than 7 days old: call first.",
    ),
    (
        "availability.unstated",
        -1.0,
        "Chưa cho biết có tiếp nhận hay không: hãy gọi trước.",
        "It has not said whether it takes people: call first.",
    ),
    ("capacity.room", 1.0, "Còn chỗ.", "It has room."),
    # How she wants to be met.
    ("staff-gender.met", 3.0, "Có cán bộ đúng giới tính người đó chọn.", "It has staff of the gender she chose."),
    (
        "staff-gender.unmet",
        -3.0,
        "Không có cán bộ đúng giới tính đã chọn: phải hỏi ý kiến người đó.",
        "It has no staff of the gender she chose: she must be asked.",
    ),
    (
        "staff-gender.unstated",
        -1.0,
        "Chưa cho biết giới tính của cán bộ.",
        "It has not said of which gender its staff is.",
    ),
    ("language.met", 2.0, "Cán bộ nói được ngôn ngữ của người đó.", "Its staff speaks her language."),
    ("language.interpreter", 1.0, "Có phiên dịch ngôn ngữ của người đó.", "It has an interpreter for her language."),
    ("language.unmet", -2.0, "Không có ngôn ngữ của người đó.", "It does not have her language."),
    ("language.unstated", -0.5, "Chưa cho biết các ngôn ngữ.", "It has not stated its languages."),
    ("interpreter.met", 1.0, "Có phiên dịch như người đó cần.", "It has the interpreter she needs."),
    ("interpreter.unmet", -1.0, "Phải tự bố trí phiên dịch.", "An interpreter must be brought along."),
    ("disability-access.met", 2.0, "Người khuyết tật tiếp cận được.", "It is accessible to people with disabilities."),
    (
        "disability-access.unstated",
        -1.0,
        "Chưa cho biết người khuyết tật có tiếp cận được không.",
        "It has not said whether it is accessible to people with disabilities.",
    ),
    ("children.met", 2.0, "Tiếp nhận cả con của người đó.", "Her children are welcome."),
    ("children.unstated", -1.0, "Chưa cho biết có nhận trẻ em không.", "It has not said whether children are welcome."),
    # Rule R-18.
    (
        "site.protected",
        0.0,
        "Cơ sở được bảo vệ: tên, địa chỉ và số chỗ không hiển thị.",
        "A protected site: its name, address and number of places are not shown.",
    ),
)

MATCH_REASONS: Mapping[str, MatchReason] = {
    code: MatchReason(code, weight, Name(vi=vi, en=en)) for code, weight, vi, en in _ROWS
}
