"""Whether the clock of this service agrees with the gateway's, and with that of its own database's server.

Limits count in minutes, and tokens, deliveries and messages are refused when clocks differ by more than five or ten
(wire contract, sections 2 and 3); so a service whose clock is wrong says so before anything is refused. The gateway's
clock is the `Date` of its answers (RFC 9110 section 6.6.1), which has whole seconds. A gateway that is away has none:
that is not this check's affair.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from shared.agency.ports import Hub, Store
from shared.kernel.clock import Clock, check_together
from shared.kernel.errors import MeshError

#: While clocks agree the gateway is asked at most once in so many seconds, however often this service is asked.
ASK_AGAIN: Final = 10.0
_ANSWER_WITHIN: Final = 2.0


class ClockCheck:
    """Compares clocks whenever somebody asks."""

    def __init__(
        self, store: Store, hub: Hub, clock: Clock, *, within: float, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._within = within
        self._timer = timer
        self._agrees_until = timer()

    async def run(self) -> None:
        """Raise `PeerUnavailable` (`clock.skewed`) when a clock differs by more than is allowed."""
        there = await self._store.clock()
        if there is not None:
            check_together(self._clock.now(), there, within=self._within)
        if self._timer() >= self._agrees_until:
            if (seen := await self._ask()) is not None:
                check_together(*seen, within=self._within)
            self._agrees_until = self._timer() + ASK_AGAIN

    async def _ask(self) -> tuple[datetime, datetime] | None:
        """Return what both clocks said, here in the middle between question and answer."""
        before = self._clock.now()
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                there = await self._hub.clock()
        except (MeshError, TimeoutError):
            return None
        return None if there is None else (before + (self._clock.now() - before) / 2, there)
