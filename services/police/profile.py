"""What the chassis is told about police."""

from pathlib import Path
from typing import Final

from services.police.guards import GUARDS
from services.police.tables import ROWS
from services.police.worklists import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile, SectorWords
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.POLICE,
    slug="police",
    name=Name(vi="Công an", en="Police"),
    services=SERVICES,
    rules=Path(__file__).with_name("rules.toml"),
    words=SectorWords(team=Name(vi="Đơn vị", en="Our unit"), holder=Name(vi="Cán bộ phụ trách", en="Officer")),
    rows=ROWS,
    guards=GUARDS,
    worklists=WORKLISTS,
)
