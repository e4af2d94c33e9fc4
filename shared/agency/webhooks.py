"""Telling partner systems: each notification is sent until it is taken, for about three days.

Follows Standard Webhooks 1.0.0: the id stays the same when a notification is repeated, anything but 2xx is tried
again ever more slowly and not before the receiver's `Retry-After`, redirects are not followed, and a receiver that
answers 410 is told nothing any more.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from shared.agency.notifying import MEDIA_TYPE, Notifier
from shared.agency.ports import Desk, Store
from shared.agency.records import DELIVERED, UNWANTED, Notification, Webhook
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.telemetry.context import continue_trace, enter
from shared.telemetry.logs import get_logger
from shared.transport.peer import Peer
from shared.transport.retry import backoff
from shared.transport.webhooks import Webhooks, deliver

#: A dozen tries in the first hour, then one every hour.
ATTEMPTS_MOST: Final = 84

#: The code of a receiver that says that it is no more (410).
GONE: Final = "peer.gone"

_TICK_SECONDS: Final = 1.0
_AT_ONCE: Final = 32
_LONGEST_WAIT: Final = 3_600.0
_TIMEOUT: Final = 15.0

_log = get_logger("webhooks")


async def disable(store: Store, notifier: Notifier, webhook: Webhook, *, at: str) -> None:
    """Tell a webhook nothing any more; what still waits for it is settled at its next turn."""

    def work(desk: Desk) -> None:
        known = desk.get(Webhook, webhook.webhook_id)
        if known is not None and known.disabled_at is None:
            desk.change(known, disabled_at=at)

    await store.write(work, expects=[(Webhook, webhook.webhook_id)])
    notifier.forget(webhook.webhook_id)


class WebhookSender:
    """Sends what waits, for as long as it runs."""

    def __init__(self, store: Store, notifier: Notifier, *, clock: Clock, peer: Callable[[str], Peer] = Peer) -> None:
        self._store = store
        self._notifier = notifier
        self._clock = clock
        self._peer = peer
        self._peers: dict[str, Peer] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Learn which webhooks there are, and begin to send."""
        self._notifier.know(await self._store.read(lambda reading: reading.webhooks()))
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """Stop sending; what waits is sent after the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for peer in self._peers.values():
            await peer.close()

    async def once(self) -> int:
        """Send what is due now; return how many notifications were tried."""
        now = to_wire(self._clock.now())
        due = await self._store.read(lambda reading: reading.waiting_notifications(due_before=now, limit=_AT_ONCE))
        await asyncio.gather(*(self._send(one) for one in due))
        return len(due)

    async def _run(self) -> None:
        while True:
            try:
                tried = await self.once() if self._notifier.has_any() else 0
            except MeshError as error:
                _log.warning("webhooks.unavailable", code=error.code)
                tried = 0
            if tried < _AT_ONCE:
                await asyncio.sleep(_TICK_SECONDS)

    async def _send(self, notification: Notification) -> None:
        webhook = self._notifier.known(notification.webhook_id)
        if webhook is None:
            await self._settle(notification, code=UNWANTED)
            return
        enter(continue_trace(None))
        origin, path = _split(webhook.url)
        if origin not in self._peers:
            self._peers[origin] = self._peer(origin)
        try:
            await deliver(
                self._peers[origin],
                path,
                notification.body.encode(),
                webhooks=Webhooks((webhook.secret,)),
                webhook_id=notification.notification_id,
                at=self._clock.now(),
                media_type=MEDIA_TYPE,
                timeout=_TIMEOUT,
            )
        except MeshError as error:
            await self._failed(notification, webhook, error)
        else:
            await self._settle(notification, code=DELIVERED)

    async def _failed(self, notification: Notification, webhook: Webhook, error: MeshError) -> None:
        attempts = notification.attempts + 1
        if error.code == GONE:
            await disable(self._store, self._notifier, webhook, at=to_wire(self._clock.now()))
            _log.warning("webhooks.gone", code=error.code)
        if attempts >= ATTEMPTS_MOST or error.code == GONE:
            await self._settle(notification, code=error.code)
            return
        asked = min(error.retry_after or 0, _LONGEST_WAIT)
        wait = max(asked, backoff(attempts, first=1.0, longest=_LONGEST_WAIT))
        due_at = to_wire(self._clock.now() + timedelta(seconds=wait))

        def work(desk: Desk) -> None:
            known = desk.get(Notification, notification.notification_id)
            if known is not None:
                desk.change(known, attempts=attempts, due_at=due_at)

        await self._store.write(work)

    async def _settle(self, notification: Notification, *, code: str) -> None:
        at = to_wire(self._clock.now())

        def work(desk: Desk) -> None:
            known = desk.get(Notification, notification.notification_id)
            if known is not None:
                desk.change(known, settled_at=at, code=code)

        await self._store.write(work)


def _split(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin, url[len(origin) :] or "/"
