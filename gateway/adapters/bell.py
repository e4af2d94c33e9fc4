"""Rung when something was queued, heard by whoever waits for it in this process.

It spares waiting, nothing more: what another process commits may be told (`gateway.adapters.companions`), and is found
by looking where it is not, so nobody may rely on it.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Bell:
    """One per process; used on its event loop alone."""

    def __init__(self) -> None:
        self.is_still = False
        self._listeners: dict[asyncio.Event, str | None] = {}
        self._tell_others: Callable[[str | None], None] = _to_nobody

    def ring(self, agency_id: str | None = None) -> None:
        """Tell that something waits for an agency; None when it may be any."""
        for heard, wanted in self._listeners.items():
            if None in {agency_id, wanted} or wanted == agency_id:
                heard.set()
        self._tell_others(None if self.is_still else agency_id)  # who is about to end serves nobody itself

    def hear(self, agency_id: str | None) -> None:
        """Pass on what another process has queued. Who serves any agency leaves that to it, unless it asks all."""
        for heard, wanted in self._listeners.items():
            if agency_id is None or wanted == agency_id:
                heard.set()

    def forward(self, tell_others: Callable[[str | None], None]) -> None:
        """Tell others too from now on."""
        self._tell_others = tell_others

    def fall_still(self) -> None:
        """Tell everybody who waits that the process is about to end: nobody is to wait any longer."""
        self.is_still = True
        self.ring()

    @contextmanager
    def listening(self, agency_id: str | None = None) -> Iterator[asyncio.Event]:
        """Hear what is rung for one agency, or for any; the listener clears the event itself."""
        heard = asyncio.Event()
        self._listeners[heard] = agency_id
        try:
            yield heard
        finally:
            del self._listeners[heard]


async def heard_within(heard: asyncio.Event, seconds: float) -> None:
    """Wait for the bell, at most so long. Who is cancelled just as it rings is cancelled all the same."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # `wait_for` forgets the cancellation then (Python 3.11)
            await heard.wait()


def _to_nobody(_agency_id: str | None) -> None:
    """There is no other process."""
