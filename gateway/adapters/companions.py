"""What the replicas of a gateway tell one another: for whom something waits now, and how often each client called.

Owns the words on the channel. Promises: whoever waits at one replica for what another admits is woken at once; a client
has one allowance over all of them, because each charges itself with what the others report every `REPORT_SECONDS`, and
one that has just begun is told how much is spent. Words spare waiting and they count: nobody relies on one being heard.
They cost the way in of messages a mark: a thread beside it tells them, many rings in one, and none at all while there
is no other replica.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Engine

from gateway.adapters.background import report_failure
from gateway.adapters.bell import Bell
from shared.storage.signals import Signals
from shared.web.rate_limit import RateLimit

CHANNEL: Final = "mesh_gateway"
#: Who rings waits this long for company: one word for all.
GATHER_SECONDS: Final = 0.01
REPORT_SECONDS: Final = 0.25
#: A replica says at least this often that it is there, and is alone when it has heard of none for so long.
PRESENT_SECONDS: Final = 1.0
ALONE_AFTER: Final = 5.0
#: How many names a word has room for, 63 characters each.
_NAMES_MOST: Final = 80


class Companions:
    """One replica among the others. Used on its event loop, within `async with`."""

    def __init__(self, engine: Engine, *, bell: Bell, limit: RateLimit) -> None:
        self._engine = engine
        self._bell = bell
        self._limit = limit
        self._rung: set[str | None] = set()
        self._heard_at = self._told_at = float("-inf")

    async def __aenter__(self) -> Self:
        """Begin to listen, and say so."""
        self._loop = asyncio.get_running_loop()
        self._signals = Signals(self._engine, CHANNEL, self._hear)
        self._tell(new=True)
        self._limit.share()
        self._bell.forward(self._ring)
        self._reporting = asyncio.create_task(self._report(), name="companions")
        self._reporting.add_done_callback(report_failure)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell what is left, and listen no more."""
        self._reporting.cancel()
        self._tell_rung()
        await asyncio.to_thread(self._signals.close)

    @property
    def is_alone(self) -> bool:
        """Say whether no other replica was heard of lately."""
        return time.monotonic() - self._heard_at > ALONE_AFTER

    def _ring(self, agency_id: str | None) -> None:
        """Have the others told that something waits for an agency; None when it may be any."""
        if self.is_alone:
            return
        if not self._rung:
            self._loop.call_later(GATHER_SECONDS, self._tell_rung)
        self._rung.add(agency_id)

    def _tell_rung(self) -> None:
        rung, self._rung = self._rung, set()
        if rung:
            is_any = None in rung or len(rung) > _NAMES_MOST
            self._tell(rung=[None] if is_any else list(rung))

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            if self._tell_spent():
                continue
            if time.monotonic() - self._told_at >= PRESENT_SECONDS:
                self._tell()

    def _tell_spent(self) -> bool:
        """Have the others charge what was spent here since this was last told; say whether there was anything to tell.

        What nobody is there to hear is not told later: who begins is told what is lacking.
        """
        spent = self._limit.take_spent()
        if not spent or self.is_alone:
            return False
        self._tell_counts("spent", spent)
        return True

    def _tell_counts(self, what: str, counts: Mapping[str, int]) -> None:
        callers = list(counts.items())
        for start in range(0, len(callers) or 1, _NAMES_MOST):
            self._tell(**{what: dict(callers[start : start + _NAMES_MOST])})

    def _tell(self, **word: Any) -> None:
        self._told_at = time.monotonic()
        self._signals.tell(json.dumps(word, separators=(",", ":")))

    def _hear(self, word: str) -> None:
        """Take a word from the thread that heard it."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear
            self._loop.call_soon_threadsafe(self._heard, word)

    def _heard(self, word: str) -> None:
        said: Mapping[str, Any] = json.loads(word)
        self._heard_at = time.monotonic()
        if said.get("new"):
            self._tell_spent()  # or it would be charged again with the next report, beside what is lacking
            self._tell_counts("lacking", self._limit.lacking())
        for agency_id in said.get("rung", ()):
            self._bell.hear(agency_id)
        self._limit.charge(said.get("spent", {}))
        self._limit.lack(said.get("lacking", {}))
