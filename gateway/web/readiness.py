"""What has to work before the gateway takes calls: keys, writer, ledger, clock, the work in the background."""

import asyncio
from collections.abc import Sequence
from functools import partial

from gateway.adapters.background import Background
from gateway.adapters.core import Core
from gateway.adapters.schema import METADATA
from shared.kernel.clock import check_together
from shared.kernel.errors import PeerUnavailable
from shared.people.tables import METADATA as PEOPLE
from shared.storage.probe import server_clock
from shared.web.health import Check


def checks_of(core: Core, background: Background, *, clock_tolerance: float) -> Sequence[Check]:
    """Return the checks of a gateway; the clock is compared with that of the database's server."""
    return [
        Check("keys", partial(_check_keys, core)),
        Check("writer", partial(_check_writer, core)),
        Check("ledger", partial(_check_ledger, core)),
        Check("clock", partial(_check_clock, core, clock_tolerance)),
        Check("background", background.check),
    ]


async def _check_keys(core: Core) -> None:
    core.keys.check()


async def _check_writer(core: Core) -> None:
    if not (core.writer.healthy() and core.claims.healthy()):
        raise PeerUnavailable("storage.closed", "The writer has stopped.")


async def _check_ledger(core: Core) -> None:
    """Write in a transaction that holds the head of the ledger, as every decision does."""
    await core.writer.submit(lambda desk: desk.book.check_writable((METADATA, PEOPLE)))


async def _check_clock(core: Core, within: float) -> None:
    there = await asyncio.to_thread(server_clock, core.engine)
    if there is not None:
        check_together(core.clock.now(), there, within=within)
