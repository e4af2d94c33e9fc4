"""Whose password is checked next: checking takes its time and memory on purpose, so it is one at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from shared.kernel.errors import TooManyRequests

#: How many may wait, with whoever has the turn; whoever comes then is asked to come again.
_WAITING_MOST: Final = 64


class Turns:
    """One queue. Whoever stands in another one neither waits for it nor is turned away because of it."""

    def __init__(self) -> None:
        self._checking = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it. Raises `TooManyRequests` (`sign-in.busy`)."""
        if self._waiting >= _WAITING_MOST:
            raise TooManyRequests("sign-in.busy", "Too many people are signing in now. Try again.", retry_after=5)
        self._waiting += 1
        try:
            async with self._checking:
                yield
        finally:
            self._waiting -= 1
