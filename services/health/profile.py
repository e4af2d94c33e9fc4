"""What the chassis is told about health."""

from pathlib import Path
from typing import Final

from services.health.acts.certificates import require_hers_first
from services.health.acts.ticks import keep_unticked
from services.health.guards import GUARDS
from services.health.tables import ROWS
from services.health.worklists import SERVICES, WORKLISTS
from shared.agency.profile import AgencyProfile, SectorWords
from shared.sop.model import Name, Sector

PROFILE: Final = AgencyProfile(
    sector=Sector.HEALTH,
    slug="health",
    name=Name(vi="Y tế", en="Health"),
    services=SERVICES,
    rules=Path(__file__).with_name("rules.toml"),
    words=SectorWords(
        team=Name(vi="Khoa, phòng", en="Our department"), holder=Name(vi="Nhân viên y tế phụ trách", en="Health worker")
    ),
    rows=ROWS,
    guards=GUARDS,
    departures=(keep_unticked, require_hers_first),
    worklists=WORKLISTS,
    open_door=True,
)
