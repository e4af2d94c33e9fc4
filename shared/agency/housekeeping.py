"""Forgetting what is kept for a time only: idempotency keys after 24 hours, used assertions once they have ended."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from shared.agency.acting import KEPT
from shared.agency.ports import Desk, Store
from shared.agency.records import IdempotentAct, UsedAssertion
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.telemetry.logs import get_logger

_EVERY_SECONDS: Final = 600.0
_AT_ONCE: Final = 500

_log = get_logger("housekeeping")


class Housekeeping:
    """Forgets, for as long as it runs."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to forget."""
        self._task = asyncio.create_task(self._run(), name="housekeeping")

    async def stop(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def once(self) -> int:
        """Forget what is over; return how much that was."""
        now = self._clock.now()
        limits: list[tuple[type[Any], str]] = [(IdempotentAct, to_wire(now - KEPT)), (UsedAssertion, to_wire(now))]

        def work(desk: Desk) -> int:
            over = [record for kind, before in limits for record in desk.over(kind, before=before, limit=_AT_ONCE)]
            for record in over:
                desk.remove(record)
            return len(over)

        return await self._store.write(work)

    async def _run(self) -> None:
        while True:
            try:
                while await self.once() >= _AT_ONCE:
                    pass
            except MeshError as error:
                _log.warning("housekeeping.unavailable", code=error.code)
            await asyncio.sleep(_EVERY_SECONDS)
