"""How a process that is told to end does so without anybody noticing: SIGTERM, red, empty, gone.

Owns the time between the signal and the server's own end. From the signal on `/readyz` is red, so that a load balancer
sends nothing new, and every answer asks for its connection to be closed; calls are still served for `seconds`, because
a balancer notices only when it looks again. Then the server's own handler of the signal takes over: it listens no more,
finishes what it has, and ends. A second signal skips the wait. Follows RFC 9110 section 7.6.1 (`Connection: close`).
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any, Final

from shared.kernel.errors import PeerUnavailable
from shared.telemetry.logs import get_logger

_log = get_logger("web")
_SIGNAL: Final = signal.SIGTERM
#: How much longer than `seconds` what is done first may take.
_PATIENCE: Final = 5.0


#: Something that is done as a drain begins.
First = Callable[[], Awaitable[None]]


class Drain:
    """Whether a process is about to end. One per process; used on its event loop. `first` is done as it begins."""

    def __init__(self, *, seconds: float = 0, first: First | None = None) -> None:
        self.has_begun = False
        self._seconds = seconds
        self._first = first
        self._ending: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Raise `PeerUnavailable` (`service.draining`) once the process is about to end."""
        if self.has_begun:
            raise PeerUnavailable("service.draining", "The service is stopping. Try again.", retry_after=1)

    @asynccontextmanager
    async def upon_signal(self) -> AsyncIterator[None]:
        """Drain upon SIGTERM while the block lasts. Where no server handles the signal, it keeps its meaning."""
        before = signal.getsignal(_SIGNAL)
        if not callable(before) or before is signal.default_int_handler:
            yield
            return
        loop = asyncio.get_running_loop()

        def told(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._begin, before)

        signal.signal(_SIGNAL, told)
        try:
            yield
        finally:
            signal.signal(_SIGNAL, before)
            if self._ending is not None:
                self._ending.cancel()
                await asyncio.gather(self._ending, return_exceptions=True)

    def _begin(self, then: Callable[[int, FrameType | None], Any]) -> None:
        if self._ending is None:
            self.has_begun = True
            _log.info("service.draining")
            self._ending = asyncio.create_task(self._drain(then), name="drain")
        else:
            then(_SIGNAL, None)

    async def _drain(self, then: Callable[[int, FrameType | None], Any]) -> None:
        begun = [] if self._first is None else [asyncio.ensure_future(self._first())]
        try:
            await asyncio.sleep(self._seconds)
            if begun:
                await asyncio.wait(begun, timeout=_PATIENCE)
        finally:
            then(_SIGNAL, None)
