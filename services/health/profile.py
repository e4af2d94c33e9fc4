"""What the chassis is told about health."""

from typing import Final

from services.health.rules import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.HEALTH,
    slug="health",
    name=Name(vi="Y tế", en="Health"),
    services=SERVICES,
    worklists=WORKLISTS,
)
