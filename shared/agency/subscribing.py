"""Where partner systems want to be told, as they say it themselves: which webhooks, what was not taken, once more.

A partner system sees its own webhooks alone. Follows Standard Webhooks 1.0.0, which asks for a list of failures and a
way to try them again.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from shared.agency.acting import Answer, Caller, outcome_before, register
from shared.agency.notifying import TYPES
from shared.agency.office import Office
from shared.agency.ports import Desk, Expected
from shared.agency.records import IdempotentAct, Notification, Webhook
from shared.agency.requests import WebhookRequest
from shared.agency.webhooks import disable
from shared.kernel.errors import Conflict, FieldFault, InputRejected, NotFound
from shared.transport.webhooks import new_webhook_secret

#: How many webhooks one partner system has.
WEBHOOKS_MOST: Final = 8
#: How many notifications one call has tried again.
REPLAYED_MOST: Final = 200


async def add_webhook(office: Office, caller: Caller, request: WebhookRequest) -> Answer:
    """Keep where a partner system wants to be told, and return the secret it checks what it is told with.

    Raises `InputRejected` for a type that does not exist, `NotPermitted` (`webhook.address`) for an address that is not
    called from here, `Conflict` (`webhook.too-many`) over `WEBHOOKS_MOST`.
    """
    if not frozenset(TYPES) >= frozenset(request.types):
        message = f"Choose from: {', '.join(TYPES)}."
        raise InputRejected("message.invalid", message, faults=(FieldFault("/types", "field.choice", message),))
    if await office.store.read(lambda reading: outcome_before(office, reading, caller)) is None:
        await office.reach.check(request.url)
    webhook = Webhook(
        webhook_id=office.scribe.new_id(),
        client_id=caller.client_id,
        url=request.url,
        secret=new_webhook_secret(),
        types=sorted(request.types),
        created_at=office.scribe.stamp(),
    )

    def work(desk: Desk) -> Webhook:
        before = outcome_before(office, desk, caller)
        kept = desk.get(Webhook, before) if before is not None else None
        if kept is not None:
            return kept
        if len(desk.find(Webhook, client_id=caller.client_id, disabled_at=None)) >= WEBHOOKS_MOST:
            raise Conflict("webhook.too-many", f"One partner system has at most {WEBHOOKS_MOST} webhooks.")
        register(office, desk, caller, outcome=webhook.webhook_id)
        desk.add(webhook)
        return webhook

    kept = await office.store.write(work, expects=_expected(caller))
    if kept.disabled_at is None:  # ended since: what repeats the call does not bring it back
        office.notifier.know([kept])
    return Answer(201, {**shown(kept), "secret": kept.secret}, kept is not webhook)


async def list_webhooks(office: Office, caller: Caller) -> Sequence[dict[str, Any]]:
    """Return the webhooks of one partner system, without their secrets."""
    return [shown(webhook) for webhook in await _own(office, caller)]


async def end_webhook(office: Office, caller: Caller, webhook_id: str) -> None:
    """Tell one webhook of the caller nothing any more. Raises `NotFound` (`webhook.unknown`)."""
    webhook = await _one(office, caller, webhook_id)
    await disable(office.store, office.notifier, webhook, at=office.scribe.stamp())


async def list_failures(
    office: Office, caller: Caller, webhook_id: str, *, after: str | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Return what a webhook of the caller did not take until it was given up. Raises as `end_webhook`."""
    await _one(office, caller, webhook_id)
    found: Sequence[Notification] = await office.store.read(
        lambda reading: reading.given_up_notifications(webhook_id, after=after, limit=limit)
    )
    return [_failure(one) for one in found]


async def replay_failures(office: Office, caller: Caller, webhook_id: str) -> Answer:
    """Try again what was given up, under the ids it had; tell how many, at most `REPLAYED_MOST`. Raises as above."""
    await _one(office, caller, webhook_id)
    found: Sequence[Notification] = await office.store.read(
        lambda reading: reading.given_up_notifications(webhook_id, after=None, limit=REPLAYED_MOST)
    )
    at = office.scribe.stamp()

    def work(desk: Desk) -> tuple[str, bool]:
        before = outcome_before(office, desk, caller)
        if before is not None:
            return before, True
        known = [desk.get(Notification, one.notification_id) for one in found]
        again = [one for one in known if one is not None and one.settled_at is not None]
        for one in again:
            desk.change(one, attempts=0, due_at=at, settled_at=None, code=None)
        register(office, desk, caller, outcome=str(len(again)))
        return str(len(again)), False

    expects = _expected(caller)
    expects += [(Notification, one.notification_id) for one in found]
    number, is_repeated = await office.store.write(work, expects=expects)
    return Answer(202, {"replayed": int(number)}, is_repeated)


def _expected(caller: Caller) -> list[Expected]:
    return [(IdempotentAct, f"{caller.client_id}/{caller.idempotency_key}")] if caller.idempotency_key else []


async def _own(office: Office, caller: Caller) -> Sequence[Webhook]:
    webhooks: Sequence[Webhook] = await office.store.read(lambda reading: reading.webhooks())
    return [webhook for webhook in webhooks if webhook.client_id == caller.client_id]


async def _one(office: Office, caller: Caller, webhook_id: str) -> Webhook:
    for webhook in await _own(office, caller):
        if webhook.webhook_id == webhook_id:
            return webhook
    raise NotFound("webhook.unknown", "You have no such webhook.")


def _failure(notification: Notification) -> dict[str, Any]:
    event = json.loads(notification.body)
    return {
        "id": notification.notification_id,
        "type": event["type"],
        "referral_id": event["subject"],
        "attempts": notification.attempts,
        "given_up_at": notification.settled_at,
        "code": notification.code,
    }


def shown(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook as its owner sees it again."""
    return {
        "id": webhook.webhook_id,
        "url": webhook.url,
        "types": list(webhook.types) or list(TYPES),
        "created_at": webhook.created_at,
    }
