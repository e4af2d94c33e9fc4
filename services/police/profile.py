"""What the chassis is told about police."""

from typing import Final

from services.police.rules import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.POLICE,
    slug="police",
    name=Name(vi="Công an", en="Police"),
    services=SERVICES,
    worklists=WORKLISTS,
)
