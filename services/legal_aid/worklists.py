"""What is particular to legal aid: requests that a court or a statute hurries, apart from advice that can be booked.

Derived from the fact sheet, sections 4.3 and 6.5: the centre answers a request for help on the day it comes, and a
court's no-contact order and the non-punishment of a trafficked person cannot wait for a lawyer's free afternoon.
"""

from collections.abc import Mapping
from typing import Final

from shared.agency.profile import Worklist
from shared.sop.model import ClockPhase, Name

#: The services this sector gives (fact sheet, section 6).
SERVICES: Final = frozenset(f"LEG-{number:02d}" for number in range(1, 9)) | {"COO-01"}

#: How its people divide the work that comes in.
WORKLISTS: Final[Mapping[str, Worklist]] = {
    "urgent": Worklist(
        Name(vi="Khẩn cấp tại tòa", en="Urgent before a court"),
        services=frozenset({"LEG-03", "LEG-07"}),
        by=ClockPhase.DECIDE,
    ),
    "proceedings": Worklist(
        Name(vi="Tham gia tố tụng", en="Proceedings"),
        services=frozenset({"LEG-02", "LEG-05"}),
        by=ClockPhase.CONTACT,
    ),
    "advice": Worklist(
        Name(vi="Tư vấn và hộ tịch", en="Advice and civil status"),
        services=frozenset({"LEG-01", "LEG-04", "LEG-06", "LEG-08"}),
        by=ClockPhase.CONTACT,
    ),
    "conferences": Worklist(
        Name(vi="Hội ý trường hợp", en="Case conferences"),
        services=frozenset({"COO-01"}),
        by=ClockPhase.CONTACT,
    ),
}
