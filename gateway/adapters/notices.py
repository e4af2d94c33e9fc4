"""Notices from the gateway: written and signed with its own key, delivered like any message (wire section 3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain.arrival import Arrival
from shared.kernel.canonical import canonical_json
from shared.kernel.clock import to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.identifiers import GATEWAY, IdFactory
from shared.seal.jws import sign_detached
from shared.seal.keys import SigningKey


class NoticeWriter:
    """Writes signed notices."""

    def __init__(self, *, ids: IdFactory, key: SigningKey) -> None:
        self._ids = ids
        self._key = key

    def write(
        self, agency_id: str, *, type: str, referral_id: str, data: Mapping[str, Any], trace_id: str, at: datetime
    ) -> Arrival:
        """Return a signed notice as a message that may be stored for delivery."""
        message_id = self._ids.new()
        body = canonical_json(
            {
                "v": 1,
                "kind": "notice",
                "id": message_id,
                "sender": GATEWAY,
                "recipient": agency_id,
                "sent_at": to_wire(at),
                "type": type,
                "referral_id": referral_id,
                "data": dict(data),
            }
        )
        return Arrival(
            kind="notice",
            message_id=message_id,
            sender=GATEWAY,
            recipient=agency_id,
            sent_at=at,
            received_at=at,
            body=body.decode(),
            sha256=sha256_hex(body),
            signature=sign_detached(body, self._key),
            hub_shares={},
            trace_id=trace_id,
            traceparent=f"00-{trace_id}-{message_id[-12:]}0000-01",
        )
