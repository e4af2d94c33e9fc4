"""Work that an agency service does again and again beside its calls: one task, one way to begin, wake and end it."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress

from shared.kernel.errors import MeshError
from shared.telemetry.logs import get_logger

_log = get_logger("rounds")


class Rounds:
    """Does one round after another for as long as it runs.

    `once` does a round and returns how much it found; where that is `most` or more, there is more, and the next round
    follows at once. Otherwise it comes after `every` seconds, or when somebody wakes it. A round that cannot be done
    now, even by a defect of ours, is done later: what it found is still there.
    """

    def __init__(self, name: str, once: Callable[[], Awaitable[int]], *, every: float, most: float = math.inf) -> None:
        self._name = name
        self._once = once
        self._every = every
        self._most = most
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with whatever was left waiting."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    def wake(self) -> None:
        """Look at once: something is waiting."""
        self._wake.set()

    async def stop(self) -> None:
        """Stop; what waits is done after the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                while await self._once() >= self._most:
                    pass
            except MeshError as error:
                _log.warning("rounds.unavailable", queue=self._name, code=error.code)
            except Exception as error:  # noqa: BLE001 - a round that failed must not be the last one
                _log.error("rounds.failed", queue=self._name, exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._every)
