"""What every page of the console stands on: brand, navigation, who may look."""

from collections.abc import Sequence
from typing import Final

from shared.pages.catalogue import N_
from shared.pages.rendering import Brand, NavLink
from shared.people.records import OVERSIGHT_ROLES
from shared.sop.model import Name

ROOM: Final = "gateway.web.console"
HOME: Final = "/console"

LINKS: Final[Sequence[NavLink]] = (NavLink(N_("Chains"), HOME, OVERSIGHT_ROLES),)

BRAND: Final = Brand(
    slug="gateway", name=Name(vi="Giám sát mạng chuyển gửi", en="Referral oversight"), home=HOME, links=LINKS
)
