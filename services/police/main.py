"""Start the police service: `uvicorn --factory services.police.main:create_app`."""

from fastapi import FastAPI

from services.police.panels import PANELS
from services.police.profile import PROFILE
from services.police.routes import sector_routers
from shared.agency.chassis import build_app
from shared.agency.settings import load_settings
from shared.kernel.garbage import settle


def create_app() -> FastAPI:
    """Return the application, with settings from the environment."""
    app = build_app(PROFILE, load_settings(), sector_routers=sector_routers, panels=PANELS)
    settle()
    return app
