"""What the chassis is told about legal aid."""

from pathlib import Path
from typing import Final

from services.legal_aid.guards import GUARDS
from services.legal_aid.tables import ROWS
from services.legal_aid.worklists import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile, SectorWords
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.LEGAL_AID,
    slug="legal-aid",
    name=Name(vi="Trợ giúp pháp lý", en="Legal aid"),
    services=SERVICES,
    rules=Path(__file__).with_name("rules.toml"),
    words=SectorWords(
        team=Name(vi="Trung tâm", en="Our centre"), holder=Name(vi="Trợ giúp viên phụ trách", en="Legal-aid officer")
    ),
    rows=ROWS,
    guards=GUARDS,
    worklists=WORKLISTS,
)
