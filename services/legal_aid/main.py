"""Start the legal aid service: `python -m shared.web.server --factory services.legal_aid.main:create_app`."""

from services.legal_aid.panels import PANELS
from services.legal_aid.profile import PROFILE
from services.legal_aid.routes import sector_routers
from shared.agency.chassis import build_app
from shared.agency.settings import load_settings
from shared.kernel.garbage import settle
from shared.pages.starting import or_say_why
from shared.web.factory import MeshApp
from shared.web.waiting import Waiting, patiently


@or_say_why
def create_app() -> MeshApp | Waiting:
    """Return the application, with settings from the environment; it waits for its database."""
    settings = load_settings()
    return patiently(lambda: build_app(PROFILE, settings, sector_routers=sector_routers, panels=PANELS), then=settle)
