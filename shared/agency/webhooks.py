"""Telling partner systems: each notification is sent until it is taken, for about three days.

Promises that no receiver waits for another: each is told in rounds of its own. Follows Standard Webhooks 1.0.0: the id
stays the same when a notification is repeated, anything but 2xx is tried again ever more slowly and not before the
receiver's `Retry-After`, redirects are not followed, and a receiver that answers 410 is told nothing any more.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from functools import partial
from typing import Any, Final

from shared.agency.notifying import MEDIA_TYPE, Notifier
from shared.agency.ports import Desk, Store
from shared.agency.records import DELIVERED, UNWANTED, Notification, Webhook
from shared.agency.rounds import Rounds
from shared.kernel.backoff import backoff
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import InternalFault, MeshError
from shared.telemetry.context import continue_trace, enter
from shared.telemetry.logs import get_logger
from shared.transport.peer import Peer
from shared.transport.webhooks import Webhooks, deliver

#: A dozen tries in the first hour, then one every hour.
ATTEMPTS_MOST: Final = 84

#: The code of a receiver that says that it is no more (410).
GONE: Final = "peer.gone"

_TICK_SECONDS: Final = 1.0
#: How many notifications of one webhook are tried together.
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
    """Sends what waits, for as long as it runs: each webhook in rounds of its own, so that none waits for another."""

    def __init__(self, store: Store, notifier: Notifier, *, clock: Clock, peer: Callable[[str], Peer]) -> None:
        self._store = store
        self._notifier = notifier
        self._clock = clock
        self._peer = peer
        self._looking = Rounds("webhooks", self.once, every=_TICK_SECONDS)
        self._telling: dict[str, Rounds] = {}

    async def start(self) -> None:
        """Learn which webhooks there are, and begin to send."""
        self._notifier.know(await self._store.read(lambda reading: reading.webhooks()))
        self._looking.start()

    async def stop(self) -> None:
        """Stop sending; what waits is sent after the next start."""
        await self._looking.stop()
        for rounds in self._telling.values():
            await rounds.stop()

    async def once(self) -> int:
        """See to it that every webhook is told for which something is due; return how many these are."""
        now = to_wire(self._clock.now())
        due = await self._store.read(lambda reading: reading.webhooks_due(before=now))
        for webhook_id in due:
            self._rounds(webhook_id).wake()
        for webhook_id in self._telling.keys() - set(due):
            if self._notifier.known(webhook_id) is None:
                await self._telling.pop(webhook_id).stop()
        return len(due)

    def _rounds(self, webhook_id: str) -> Rounds:
        rounds = self._telling.get(webhook_id)
        if rounds is None:
            telling = partial(self._tell, webhook_id)
            rounds = self._telling[webhook_id] = Rounds("webhook", telling, every=_LONGEST_WAIT, most=_AT_ONCE)
            rounds.start()
        return rounds

    async def _tell(self, webhook_id: str) -> int:
        """Tell one webhook what is due; return how much was tried."""
        now = to_wire(self._clock.now())
        due = await self._store.read(
            lambda reading: reading.waiting_notifications(due_before=now, limit=_AT_ONCE, webhook_id=webhook_id)
        )
        webhook = self._notifier.known(webhook_id)
        if webhook is None:
            await _all(self._settle(one, code=UNWANTED) for one in due)
            return len(due)
        origin, path = _split(webhook.url)
        async with self._peer(origin) as peer:
            await _all(self._send(one, webhook, peer, path) for one in due)
        return len(due)

    async def _send(self, notification: Notification, webhook: Webhook, peer: Peer, path: str) -> None:
        enter(continue_trace(None))
        try:
            await deliver(
                peer,
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
        except Exception as error:  # noqa: BLE001 - what cannot be sent is one that failed: the others go on
            _log.error("webhooks.failed", exc_info=error)
            await self._failed(notification, webhook, InternalFault("internal.fault", "A notification cannot be sent."))
        else:
            await self._settle(notification, code=DELIVERED)

    async def _failed(self, notification: Notification, webhook: Webhook, error: MeshError) -> None:
        attempts = notification.attempts + 1
        _log.info("webhooks.not-taken", code=error.code)
        if error.code == GONE:
            await disable(self._store, self._notifier, webhook, at=to_wire(self._clock.now()))
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


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once and to the end, then raise what went wrong first."""
    for outcome in await asyncio.gather(*works, return_exceptions=True):
        if outcome is not None:
            raise outcome


def _split(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    origin = f"{scheme}://{rest.partition('?')[0].partition('/')[0]}"
    return origin, url[len(origin) :] or "/"
