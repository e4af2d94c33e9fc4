"""Start the gateway: `uvicorn --factory gateway.main:create_app`."""

import gc

from fastapi import FastAPI

from gateway.bootstrap import build_app
from gateway.settings import GatewaySettings

#: Objects made and not freed before the youngest are looked over: some hundreds of messages, not one or two.
_GARBAGE = 50_000


def create_app() -> FastAPI:
    """Return the gateway's application, with settings from the environment.

    What is there by now lives as long as the process: the collector of garbage need not look at it again and again.
    What a message leaves behind is freed by counting references; only cycles wait for the collector.
    """
    app = build_app(GatewaySettings())
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    return app
