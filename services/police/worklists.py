"""What is particular to the police: which of their services protect now, and which the law gives hours for.

Derived from the fact sheet, sections 4.3 and 6.3: a no-contact order is decided within 12 hours of the request and a
crime report is answered within its statutory days, so both stand on lists of their own, ordered by the statutory clock.
"""

from collections.abc import Mapping
from typing import Final

from shared.agency.profile import Worklist
from shared.sop.model import ClockPhase, Name

#: The services this sector gives (fact sheet, section 6).
SERVICES: Final = frozenset(f"POL-{number:02d}" for number in range(1, 13)) | {"COO-01"}

#: How its people divide the work that comes in.
WORKLISTS: Final[Mapping[str, Worklist]] = {
    "protection": Worklist(
        Name(vi="Bảo vệ khẩn cấp", en="Protection now"),
        services=frozenset({"POL-01", "POL-05", "POL-10"}),
        by=ClockPhase.CONTACT,
    ),
    "orders": Worklist(
        Name(vi="Cấm tiếp xúc", en="No-contact orders"),
        services=frozenset({"POL-02", "POL-04"}),
        by=ClockPhase.COMPLETE,
    ),
    "investigations": Worklist(
        Name(vi="Tin báo, lời khai, giám định", en="Reports, statements, examinations"),
        services=frozenset({"POL-03", "POL-06", "POL-07"}),
        by=ClockPhase.COMPLETE,
    ),
    "trafficking": Worklist(
        Name(vi="Mua bán người", en="Trafficking"),
        services=frozenset({"POL-08", "POL-09"}),
        by=ClockPhase.COMPLETE,
    ),
    "papers-and-belongings": Worklist(
        Name(vi="Giấy tờ, tài sản", en="Papers and belongings"),
        services=frozenset({"POL-11", "POL-12"}),
        by=ClockPhase.CONTACT,
    ),
    "conferences": Worklist(
        Name(vi="Hội ý trường hợp", en="Case conferences"),
        services=frozenset({"COO-01"}),
        by=ClockPhase.CONTACT,
    ),
}
