"""A quarter in which something happened everywhere, enough of it that most can be shown: invented, and always the same.

One agency has a name that a spreadsheet would run.
"""

from datetime import datetime, timedelta
from typing import Final

from shared.consent.request import ConsentBasis
from shared.sop.model import Urgency
from tests.support.clocked import hanoi
from tests.support.counted_world import CountedWorld
from tests.support.mesh import HEALTH, LEGAL, SHELTER_HOUSE, SOCIAL, keys_of

FORMULA: Final = '=HYPERLINK("http://evil.test","Trạm y tế")'
MORE: Final = (
    ("clinic-one", "health", "HEA-", "Trạm y tế một"),
    ("clinic-two", "health", "HEA-", FORMULA),
    ("lawyers-one", "legal_aid", "LEG-", "Chi nhánh trợ giúp pháp lý một"),
    ("lawyers-two", "legal_aid", "LEG-", "Chi nhánh trợ giúp pháp lý hai"),
    ("centre-one", "social", "SOC-", "Trung tâm công tác xã hội một"),
)
_HEALTH, _LEGAL = (HEALTH, "clinic-one", "clinic-two"), (LEGAL, "lawyers-one", "lawyers-two")
_SOCIAL = (SOCIAL, SHELTER_HOUSE, "centre-one")
#: Service, agencies, how many referrals.
SENT: Final = (
    ("HEA-05", _HEALTH, 90),
    ("HEA-01", _HEALTH, 4),
    ("HEA-06", _HEALTH, 35),
    ("LEG-01", _LEGAL, 60),
    ("LEG-02", _LEGAL, 30),
    ("SOC-02", _SOCIAL, 70),
    ("SOC-01", _SOCIAL, 3),
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_BEGINS = hanoi("2026-07-01 08:00")


def a_busy_quarter(url: str, *, times: int = 1) -> None:
    """Write the third quarter of 2026 into an empty database; `times` as much of it."""
    world = CountedWorld(url, keys_of("gateway"), _BEGINS - DAY, more_agencies=MORE)
    basis = ConsentBasis(world.consent(_BEGINS))
    number = 0
    for service, agencies, count in SENT:
        for at in range(count * times):
            number += 1
            sent = _BEGINS + timedelta(days=(number * 37) % 90, minutes=number)
            _one(world, basis, sent, service=service, agency=agencies[at % 3], number=number)
    world.happen()


def _one(world: CountedWorld, basis: ConsentBasis, sent: datetime, *, service: str, agency: str, number: int) -> None:
    urgency = (Urgency.PROMPT, Urgency.STANDARD, Urgency.PROMPT, Urgency.PLANNED)[number % 4]
    wish = "female" if number % 2 else "any"
    one = world.refer(sent, service, agency, basis, urgency=urgency, staff_gender=wish)
    heard = sent + (20 * DAY if number % 5 == 0 else HOUR * (1 + number % 3))
    if number % 11 == 0:
        world.tick(sent + 80 * DAY, one)
        return
    world.event(heard, one, "acknowledged")
    if number % 7 == 0:
        world.event(heard + HOUR, one, "declined", reason=("D02", "D04", "D04")[number % 3], article="Art 7")
        return
    world.event(heard + HOUR, one, "accepted", staff_gender="female")
    world.event(heard + HOUR * (2 + number % 30), one, "started")
