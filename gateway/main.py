"""Start the gateway: `uvicorn --factory gateway.main:create_app`."""

from fastapi import FastAPI

from gateway.bootstrap import build_app
from gateway.settings import GatewaySettings
from shared.kernel.garbage import settle


def create_app() -> FastAPI:
    """Return the gateway's application, with settings from the environment."""
    app = build_app(GatewaySettings())
    settle()
    return app
