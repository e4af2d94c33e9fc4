"""Standard Webhooks 1.0.0: one hop, authenticated over its exact bytes.

Owns the three headers `webhook-id`, `webhook-timestamp` and `webhook-signature` (`v1`, HMAC-SHA256). Promises
that a hop older or newer than five minutes is refused, that the time comes from the caller's clock, that
two secrets can be held during a rotation, and that every failure is one error with one text.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from standardwebhooks import Webhook

from shared.kernel.errors import InternalFault, NotAuthenticated
from shared.transport.peer import Peer, Reply

PREFIX: Final = "whsec_"
TOLERANCE: Final = timedelta(minutes=5)

_SECRET_BYTES: Final = 32
_SECRET_LEAST: Final = 24
_SECRET_MOST: Final = 64
_SIGNATURES_MOST: Final = 8
_ID_MOST: Final = 128
_DIGITS_MOST: Final = 11


def new_webhook_secret() -> str:
    """Return a fresh secret of 32 random bytes, as `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii")


@dataclass(frozen=True, slots=True, repr=False)
class Webhooks:
    """Signs with the first of its secrets and verifies with any of them."""

    secrets: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.secrets or not all(map(is_webhook_secret, self.secrets)):
            raise InternalFault("webhook.secret", "A webhook secret is whsec_ and base64 of 24 to 64 bytes.")

    def sign(self, body: bytes, *, webhook_id: str, at: datetime) -> dict[str, str]:
        """Return the three headers for `body`. The id stays the same when a delivery is repeated, the time does not."""
        signature = _sign(self.secrets[0], body, webhook_id, at)
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }

    def verify(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> str:
        """Return the id of a hop that holds. Raises `NotAuthenticated` (`webhook.invalid`).

        `headers` are found whatever the case of their names.
        """
        try:
            given = {name.lower(): value for name, value in headers.items()}
            webhook_id, signed_at = given["webhook-id"], _time(given["webhook-timestamp"])
            if not 0 < len(webhook_id) <= _ID_MOST or abs(at - signed_at) > TOLERANCE:
                raise ValueError
            expected = [_sign(secret, body, webhook_id, signed_at) for secret in self.secrets]
            if not _any_equal(expected, given["webhook-signature"].split(" ")):
                raise ValueError
        except (KeyError, ValueError, OverflowError) as fault:
            raise NotAuthenticated("webhook.invalid", "This delivery is not signed with the agreed secret.") from fault
        return webhook_id


def is_webhook_secret(secret: str) -> bool:
    """Say whether `secret` is `whsec_` and base64 of 24 to 64 bytes, as Standard Webhooks asks."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (ValueError, binascii.Error):
        return False
    return secret.startswith(PREFIX) and _SECRET_LEAST <= len(key) <= _SECRET_MOST


async def deliver(
    peer: Peer,
    path: str,
    body: bytes,
    *,
    webhooks: Webhooks,
    webhook_id: str,
    at: datetime,
    media_type: str = "application/json",
    timeout: float | None = None,
) -> Reply:
    """Post `body` to `path` of `peer`, signed. Raises as `Peer.call`: anything but 2xx is an error, redirects too."""
    headers = {**webhooks.sign(body, webhook_id=webhook_id, at=at), "content-type": media_type}
    return await peer.call("POST", path, content=body, headers=headers, timeout=timeout)


def _sign(secret: str, body: bytes, webhook_id: str, at: datetime) -> str:
    return Webhook(secret).sign(msg_id=webhook_id, timestamp=at.astimezone(UTC), data=body.decode("utf-8"))


def _time(text: str) -> datetime:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MOST:
        raise ValueError
    return datetime.fromtimestamp(int(text), UTC)


def _any_equal(expected: Iterable[str], given: Sequence[str]) -> bool:
    """Compare every pair, so that the time taken does not tell which one was close."""
    candidates = [text.encode() for text in given[:_SIGNATURES_MOST]]
    equal = [hmac.compare_digest(one.encode(), other) for one in expected for other in candidates]
    return any(equal)
