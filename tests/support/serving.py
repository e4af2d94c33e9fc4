"""An application behind a real server on a free port, on the loop of the caller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from shared.web.server import DEFAULTS


@asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[str]:
    """Serve until the block ends, as our servers do but for `options`; yields the base URL.

    The lifespan is the caller's affair.
    """
    chosen = {**DEFAULTS, "access_log": False, **options}
    config = uvicorn.Config(
        app, port=0, lifespan="off", log_config=None, ws="none", timeout_graceful_shutdown=1, **chosen
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
