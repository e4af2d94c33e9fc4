"""What is particular to social services: safe places within hours, children within minutes, and the lead of a case.

Derived from the fact sheet, sections 4.5 and 6.6: a shelter is found within hours, a child is protected at once, and
the social worker who leads a case also calls the case conference, so this sector serves coordination as well.
"""

from collections.abc import Mapping
from typing import Final

from shared.agency.profile import Worklist
from shared.sop.model import ClockPhase, Name

#: The services this sector gives (fact sheet, section 6).
SERVICES: Final = frozenset(f"SOC-{number:02d}" for number in range(1, 13)) | {"COO-01"}

#: How its people divide the work that comes in.
WORKLISTS: Final[Mapping[str, Worklist]] = {
    "shelter": Worklist(
        Name(vi="Nơi tạm lánh", en="Safe places"),
        services=frozenset({"SOC-01", "SOC-02", "SOC-09"}),
        by=ClockPhase.CONTACT,
    ),
    "children": Worklist(
        Name(vi="Bảo vệ trẻ em", en="Child protection"),
        services=frozenset({"SOC-07"}),
        by=ClockPhase.CONTACT,
    ),
    "crisis": Worklist(
        Name(vi="Hỗ trợ khủng hoảng và nhu cầu thiết yếu", en="Crisis support and essential needs"),
        services=frozenset({"SOC-03", "SOC-05", "SOC-12"}),
        by=ClockPhase.CONTACT,
    ),
    "trafficking": Worklist(
        Name(vi="Tiếp nhận và tái hòa nhập", en="Reception and reintegration"),
        services=frozenset({"SOC-08", "SOC-10", "SOC-11"}),
        by=ClockPhase.COMPLETE,
    ),
    "case-lead": Worklist(
        Name(vi="Quản lý ca", en="Case lead"),
        services=frozenset({"SOC-04", "SOC-06", "COO-01"}),
        by=ClockPhase.CONTACT,
    ),
}
