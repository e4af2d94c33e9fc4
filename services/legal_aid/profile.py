"""What the chassis is told about legal aid."""

from typing import Final

from services.legal_aid.rules import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.LEGAL_AID,
    slug="legal-aid",
    name=Name(vi="Trợ giúp pháp lý", en="Legal aid"),
    services=SERVICES,
    worklists=WORKLISTS,
)
