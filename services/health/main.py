"""Start the health service: `uvicorn --factory services.health.main:create_app`."""

from fastapi import FastAPI

from services.health.panels import PANELS
from services.health.profile import PROFILE
from services.health.routes import sector_routers
from shared.agency.chassis import build_app
from shared.agency.settings import load_settings
from shared.kernel.garbage import settle


def create_app() -> FastAPI:
    """Return the application, with settings from the environment."""
    app = build_app(PROFILE, load_settings(), sector_routers=sector_routers, panels=PANELS)
    settle()
    return app
