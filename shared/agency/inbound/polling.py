"""Pull delivery: for an agency that the gateway cannot reach, the same messages from its inbox.

Follows wire section 6 (`GET /v1/inbox`, `POST /v1/inbox/receipts`): long polls, receipts back, and on again. What
could not be settled stays in the inbox and comes with a later pass.
"""

import asyncio
from contextlib import suppress
from typing import Final

from shared.agency.inbound.deliveries import Deliveries
from shared.agency.inbound.fetching import fetch_on
from shared.agency.ports import Hub
from shared.telemetry.logs import get_logger

WAIT_SECONDS: Final = 25
_AFTER_UNSETTLED: Final = 1.0

_log = get_logger("inbound")


class Polling:
    """Fetches what waits for this agency, for as long as it runs."""

    def __init__(self, hub: Hub, deliveries: Deliveries, *, wait: int = WAIT_SECONDS) -> None:
        self._hub = hub
        self._deliveries = deliveries
        self._wait = wait
        self._after: str | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to poll."""
        self._after = None
        self._task = asyncio.create_task(fetch_on(self._go_on, unavailable="inbox.unavailable"), name="polling")

    async def stop(self) -> None:
        """Stop polling. What was fetched and not signed for comes again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def once(self, after: str | None) -> tuple[str | None, bool]:
        """Fetch one page and sign for it; return where to go on, and whether everything on it was settled."""
        page = await self._hub.inbox(after, wait=self._wait)
        if not page.items:
            return None, True
        receipts = await self._deliveries.take(page.items)
        if receipts:
            await self._hub.post_receipts(receipts)
        return page.next, len(receipts) == len(page.items)

    async def _go_on(self) -> None:
        """Fetch the next page; after a failure the first one."""
        after, self._after = self._after, None
        self._after, all_settled = await self.once(after)
        if not all_settled:
            await asyncio.sleep(_AFTER_UNSETTLED)
