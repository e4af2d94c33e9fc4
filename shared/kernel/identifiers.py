"""Identifiers: UUIDv7 (RFC 9562) for records and messages, slugs for agencies."""

import re
import secrets
import threading
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.kernel.clock import Clock

AGENCY_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{2,62}$"
UUID7_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

#: The name under which the gateway signs receipts and notices.
GATEWAY = "gateway"

_COUNTER_MOST = 0xFFF  # twelve bits of rand_a
_AGENCY_ID = re.compile(AGENCY_ID_PATTERN.rstrip("$") + r"\Z")
_UUID7 = re.compile(UUID7_PATTERN.rstrip("$") + r"\Z")


class IdFactory(Protocol):
    """Whoever makes records is given one of these."""

    def new(self) -> str:
        """Return a fresh UUIDv7 string."""
        ...


class Uuid7Factory:
    """UUIDv7 from a clock and the system's randomness; ids of one factory sort in the order they were made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = (0, 0)

    def new(self) -> str:
        """Return a fresh UUIDv7 string, greater than every earlier one of this factory."""
        millis = _unix_millis(self._clock.now())
        with self._lock:
            last_millis, last_counter = self._last
            if millis > last_millis:
                counter = secrets.randbits(11)
            else:
                millis, counter = last_millis, last_counter + 1
                if counter > _COUNTER_MOST:
                    millis, counter = millis + 1, secrets.randbits(11)
            self._last = (millis, counter)
        return str(UUID(int=_assemble(millis, counter)))


def is_uuid7(text: str) -> bool:
    """Say whether `text` is a UUIDv7 in canonical lower-case form."""
    return _UUID7.match(text) is not None


def is_agency_id(text: str) -> bool:
    """Say whether `text` has the form of an agency id."""
    return _AGENCY_ID.match(text) is not None


def _unix_millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _assemble(millis: int, counter: int) -> int:
    """Lay out RFC 9562 section 5.7, with `rand_a` used as a monotonic counter (section 6.2, method 1)."""
    return millis << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | secrets.randbits(62)
