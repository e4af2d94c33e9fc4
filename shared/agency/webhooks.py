"""Telling partner systems: each notification is sent until it is taken, for about three days.

Follows Standard Webhooks 1.0.0: the id stays the same when a notification is repeated, anything but 2xx is tried
again ever more slowly, redirects are not followed.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from shared.agency.acting import Answer, Caller, register
from shared.agency.notifying import TYPES, Notifier
from shared.agency.office import Office
from shared.agency.ports import Desk, Store
from shared.agency.records import DELIVERED, UNWANTED, IdempotentAct, Notification, Webhook
from shared.agency.requests import WebhookRequest
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import FieldFault, InputRejected, MeshError
from shared.telemetry.context import continue_trace, enter
from shared.telemetry.logs import get_logger
from shared.transport.peer import Peer
from shared.transport.retry import backoff
from shared.transport.webhooks import Webhooks, deliver, new_webhook_secret

#: A dozen tries in the first hour, then one every hour.
ATTEMPTS_MOST: Final = 84

_TICK_SECONDS: Final = 1.0
_AT_ONCE: Final = 32
_LONGEST_WAIT: Final = 3_600.0
_TIMEOUT: Final = 15.0

_log = get_logger("webhooks")


async def add_webhook(office: Office, caller: Caller, request: WebhookRequest) -> Answer:
    """Keep where a partner system wants to be told, and return the secret it checks what it is told with."""
    if not frozenset(TYPES) >= frozenset(request.types):
        message = f"Choose from: {', '.join(TYPES)}."
        raise InputRejected("message.invalid", message, faults=(FieldFault("/types", "field.choice", message),))
    webhook = Webhook(
        webhook_id=office.scribe.new_id(),
        client_id=caller.client_id,
        url=request.url,
        secret=new_webhook_secret(),
        types=sorted(request.types),
        created_at=office.scribe.stamp(),
    )

    def work(desk: Desk) -> Webhook:
        known = register(office, desk, caller, outcome=webhook.webhook_id)
        kept = desk.get(Webhook, known) if known is not None else None
        if kept is not None:
            return kept
        desk.add(webhook)
        return webhook

    expects = [(IdempotentAct, f"{caller.client_id}/{caller.idempotency_key}")] if caller.idempotency_key else []
    kept = await office.store.write(work, expects=expects)
    office.notifier.know([kept])
    return Answer(201, {**shown(kept), "secret": kept.secret}, kept is not webhook)


async def list_webhooks(office: Office, caller: Caller) -> Sequence[dict[str, Any]]:
    """Return the webhooks of one partner system, without their secrets."""
    webhooks = await office.store.read(lambda reading: reading.webhooks())
    return [shown(webhook) for webhook in webhooks if webhook.client_id == caller.client_id]


def shown(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook as its owner sees it again."""
    return {
        "id": webhook.webhook_id,
        "url": webhook.url,
        "types": list(webhook.types) or list(TYPES),
        "created_at": webhook.created_at,
    }


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
                timeout=_TIMEOUT,
            )
        except MeshError as error:
            await self._failed(notification, error)
        else:
            await self._settle(notification, code=DELIVERED)

    async def _failed(self, notification: Notification, error: MeshError) -> None:
        attempts = notification.attempts + 1
        if attempts >= ATTEMPTS_MOST:
            await self._settle(notification, code=error.code)
            return
        now = self._clock.now()
        due_at = to_wire(now + timedelta(seconds=backoff(attempts, first=1.0, longest=_LONGEST_WAIT)))

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
