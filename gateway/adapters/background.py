"""Work that goes on beside the calls for as long as the gateway lives, and whether it still does."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

from shared.kernel.errors import PeerUnavailable
from shared.telemetry.logs import get_logger

Chore = Callable[[], Coroutine[Any, Any, None]]

_log = get_logger("background")


def report_failure(task: "asyncio.Task[Any]") -> None:
    """Log what a task died of, by type and place. Give it to `add_done_callback`."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        _log.error("background.failed", code=task.get_name(), exc_info=fault)


class Background:
    """Runs chores by name within `async with`. One that ends by itself is a fault: the gateway is not ready then."""

    def __init__(self, chores: Mapping[str, Chore]) -> None:
        self._chores = dict(chores)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begin them all."""
        self._tasks = [asyncio.create_task(chore(), name=name) for name, chore in self._chores.items()]
        for task in self._tasks:
            task.add_done_callback(report_failure)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them all."""
        await self.end()

    async def end(self) -> None:
        """End them all, and wait until they have; it may be called twice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def check(self) -> None:
        """Raise `PeerUnavailable` (`service.not-ready`) when one of them has ended."""
        if any(task.done() for task in self._tasks):
            raise PeerUnavailable("service.not-ready", "Work in the background has stopped.")
