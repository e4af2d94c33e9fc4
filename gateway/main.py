"""Start the gateway: `uvicorn --factory gateway.main:create_app`."""

import gc

from fastapi import FastAPI

from gateway.bootstrap import build_app
from gateway.settings import GatewaySettings


def create_app() -> FastAPI:
    """Return the gateway's application, with settings from the environment.

    What is there by now lives as long as the process: the collector of garbage need not look at it again and again.
    """
    app = build_app(GatewaySettings())
    gc.collect()
    gc.freeze()
    return app
