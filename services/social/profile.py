"""What the chassis is told about social services."""

from pathlib import Path
from typing import Final

from services.social.guards import GUARDS
from services.social.tables import ROWS
from services.social.worklists import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile, SectorWords
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.SOCIAL,
    slug="social",
    name=Name(vi="Dịch vụ xã hội", en="Social services"),
    services=SERVICES,
    rules=Path(__file__).with_name("rules.toml"),
    words=SectorWords(
        team=Name(vi="Nhóm", en="Our team"), holder=Name(vi="Nhân viên công tác xã hội phụ trách", en="Social worker")
    ),
    rows=ROWS,
    guards=GUARDS,
    worklists=WORKLISTS,
)
