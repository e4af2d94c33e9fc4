"""Fetching for as long as a service runs, whatever comes of one try.

Owns the pause after a failure, which grows. Promises that nothing but the end of the service ends it: where a peer is
away that is said, and a defect of ours is logged by type and place, and tried again all the same. A consumer that ended
for good at one message would keep all the others of its agency waiting, and nobody would see it.
"""

import asyncio
from collections.abc import Awaitable, Callable

from shared.kernel.backoff import backoff
from shared.kernel.errors import MeshError
from shared.telemetry.logs import get_logger

_log = get_logger("inbound")


async def fetch_on(once: Callable[[], Awaitable[None]], *, unavailable: str) -> None:
    """Do `once` again and again until cancelled; `unavailable` is what the log calls a peer that is away."""
    failures = 0
    while True:
        try:
            await once()
            failures = 0
            continue
        except MeshError as error:
            _log.info(unavailable, code=error.code, attempt=failures + 1)
        except Exception as error:  # noqa: BLE001 - what failed is one try, and the next may be of another message
            _log.error("inbound.failed", attempt=failures + 1, exc_info=error)
        failures += 1
        await asyncio.sleep(backoff(failures))
