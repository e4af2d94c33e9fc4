"""What is particular to health services: clinical windows that run from the incident, not from the report.

Derived from the fact sheet, sections 4.2 and 6.4: post-exposure prophylaxis and forensic sampling lose their sense
after 72 hours, emergency contraception after 120. Treatment and forensic examination stand on different lists because
each can be wanted without the other (R-21).
"""

from collections.abc import Mapping
from typing import Final

from shared.agency.profile import Worklist
from shared.sop.model import ClockPhase, Name

#: The services this sector gives (fact sheet, section 6).
SERVICES: Final = frozenset(f"HEA-{number:02d}" for number in range(1, 10)) | {"COO-01"}

#: How its people divide the work that comes in.
WORKLISTS: Final[Mapping[str, Worklist]] = {
    "emergency": Worklist(
        Name(vi="Cấp cứu", en="Emergency"),
        services=frozenset({"HEA-01", "HEA-06"}),
        by=ClockPhase.CONTACT,
    ),
    "clinical-windows": Worklist(
        Name(vi="Cửa sổ lâm sàng", en="Clinical windows"),
        services=frozenset({"HEA-02"}),
        by=ClockPhase.COMPLETE,
    ),
    "forensic": Worklist(
        Name(vi="Giám định pháp y", en="Forensic examination"),
        services=frozenset({"HEA-03", "HEA-04"}),
        by=ClockPhase.COMPLETE,
    ),
    "follow-up": Worklist(
        Name(vi="Theo dõi và chăm sóc tiếp", en="Follow-up and continuing care"),
        services=frozenset({"HEA-05", "HEA-07", "HEA-08", "HEA-09"}),
        by=ClockPhase.CONTACT,
    ),
    "conferences": Worklist(
        Name(vi="Hội ý trường hợp", en="Case conferences"),
        services=frozenset({"COO-01"}),
        by=ClockPhase.CONTACT,
    ),
}
