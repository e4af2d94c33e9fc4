"""Telling partner systems that something changed: ids and codes only, never a word about a person.

Owns which webhooks there are and what they are told. The rows of what is to be told are written in the unit of
work that changes something, so nothing changes untold and nothing is told that did not happen. Follows
CloudEvents 1.0.2 (JSON format) in Standard Webhooks 1.0.0 envelopes.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from shared.agency.ports import Desk
from shared.agency.records import Notification, Webhook
from shared.kernel.clock import Clock, to_wire
from shared.kernel.identifiers import IdFactory
from shared.telemetry.context import current_traceparent

#: An event in the JSON format of CloudEvents, whole in the body (structured mode of its HTTP binding).
MEDIA_TYPE: Final = "application/cloudevents+json"
#: What a partner system can be told of.
TYPES: Final = (
    "referral.sent",
    "referral.refused",
    "referral.received",
    "referral.changed",
    "referral.rerouted",
    "referral.reroute-stopped",
    "referral.handed-over",
    "referral.sealed",
    "referral.seal-undecided",
    "note.received",
    "statement.requested",
    "clock.warning",
    "clock.missed",
    "message.undeliverable",
)


class Notifier:
    """Writes notifications. It knows the webhooks from memory, so that a unit of work need not look."""

    def __init__(self, source: str, *, clock: Clock, ids: IdFactory) -> None:
        self._source = source
        self._clock = clock
        self._ids = ids
        self._webhooks: dict[str, Webhook] = {}

    def know(self, webhooks: Iterable[Webhook]) -> None:
        """Take note of webhooks that are to be told from now on."""
        self._webhooks.update({webhook.webhook_id: webhook for webhook in webhooks})

    def forget(self, webhook_id: str) -> None:
        """Tell a webhook nothing from now on."""
        self._webhooks.pop(webhook_id, None)

    def known(self, webhook_id: str) -> Webhook | None:
        """Return a webhook that is told."""
        return self._webhooks.get(webhook_id)

    def tell(self, desk: Desk, type: str, *, referral_id: str, state: str | None = None) -> None:
        """Write one notification for each webhook that wants this type."""
        for webhook in self._webhooks.values():
            if not webhook.types or type in webhook.types:
                desk.add(self._notification(webhook, type, referral_id=referral_id, state=state))

    def _notification(self, webhook: Webhook, type: str, *, referral_id: str, state: str | None) -> Notification:
        at = to_wire(self._clock.now())
        event_id = self._ids.new()
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": event_id,
            "source": self._source,
            "type": type,
            "time": at,
            "timestamp": at,  # Standard Webhooks; to CloudEvents an extension attribute
            "subject": referral_id,
            "datacontenttype": "application/json",
            "traceparent": current_traceparent(),
            "data": {"referral_id": referral_id, "state": state},
        }
        return Notification(notification_id=event_id, webhook_id=webhook.webhook_id, body=json.dumps(event), due_at=at)
