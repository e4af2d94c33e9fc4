"""Start the social services service: `uvicorn --factory services.social.main:create_app`."""

from fastapi import FastAPI

from services.social.panels import PANELS
from services.social.profile import PROFILE
from services.social.routes import sector_routers
from shared.agency.chassis import build_app
from shared.agency.settings import load_settings
from shared.kernel.garbage import settle


def create_app() -> FastAPI:
    """Return the application, with settings from the environment."""
    app = build_app(PROFILE, load_settings(), sector_routers=sector_routers, panels=PANELS)
    settle()
    return app
