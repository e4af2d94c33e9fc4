"""Start the legal aid service: `uvicorn --factory services.legal_aid.main:create_app`."""

from fastapi import FastAPI

from services.legal_aid.panels import PANELS
from services.legal_aid.profile import PROFILE
from services.legal_aid.routes import sector_routers
from shared.agency.chassis import build_app
from shared.agency.settings import load_settings
from shared.kernel.garbage import settle


def create_app() -> FastAPI:
    """Return the application, with settings from the environment."""
    app = build_app(PROFILE, load_settings(), sector_routers=sector_routers, panels=PANELS)
    settle()
    return app
