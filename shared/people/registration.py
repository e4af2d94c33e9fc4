"""How a deployable is known at the identity provider of its institution, and what a browser keeps on its way there.

Stands apart from what is spoken with the provider (`shared.people.provider`), which only a deployable that has one
imports.
"""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from shared.kernel.errors import NotAuthenticated

#: How long somebody may take at the provider.
ATTEMPT_LASTS: Final = timedelta(minutes=10)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How this deployable is known at the provider."""

    issuer: str
    client_id: str
    client_secret: str | None
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way to the provider and back; kept by the browser that took it, encrypted."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    begun_at: str

    def to_bytes(self) -> bytes:
        """Return the attempt as it is kept."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Attempt":
        """Return an attempt that was kept."""
        return cls(**json.loads(data))


def is_safe_address(address: str) -> bool:
    """Say whether secrets may travel to an address: https, or a port of this machine."""
    parts = urlsplit(address)
    return bool(parts.netloc) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))


def not_vouched() -> NotAuthenticated:
    """Return the one error for whatever was wrong with an attempt."""
    message = "Your institution's sign-in did not let you in here. Try again, or ask your administrator."
    return NotAuthenticated("sign-in.provider", message)
