"""What the chassis is told about social services."""

from typing import Final

from services.social.rules import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.SOCIAL,
    slug="social",
    name=Name(vi="Dịch vụ xã hội", en="Social services"),
    services=SERVICES,
    worklists=WORKLISTS,
)
