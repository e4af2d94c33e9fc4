"""How often one caller may call: a token bucket per principal.

Owns the allowance and the headers that tell it (draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy`,
`RateLimit`; RFC 6585 for 429). Promises bounded memory and constant cost. The bucket is per process: with several
replicas the allowance is per replica. Keyed by who calls, never by an address.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from shared.kernel.errors import TooManyRequests

#: Where the edge finds the headers to put on the answer.
SCOPE_KEY: Final = "mesh.rate_limit"
_CALLERS_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """At most `quota` calls at once, refilled evenly over `window_seconds`."""

    quota: int
    window_seconds: int
    name: str = "default"


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateLimit:
    """The buckets of one process. `timer` counts seconds and never goes back (`time.monotonic`)."""

    def __init__(self, policy: RatePolicy, *, timer: Callable[[], float]) -> None:
        self._policy = policy
        self._timer = timer
        self._rate = policy.quota / policy.window_seconds
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._policy_header = f'"{policy.name}";q={policy.quota};w={policy.window_seconds}'.encode()

    def spend(self, scope: MutableMapping[str, Any], caller: str) -> None:
        """Take one call from the allowance of `caller` and leave the headers for the answer in `scope`.

        Raises `TooManyRequests` (`rate.exceeded`) with the seconds until one call is allowed again.
        """
        bucket = self._refilled(caller)
        allowed = bucket.left >= 1
        if allowed:
            bucket.left -= 1
        scope[SCOPE_KEY] = self._headers(bucket.left)
        if not allowed:
            wait = max(1, math.ceil((1 - bucket.left) / self._rate))
            raise TooManyRequests("rate.exceeded", "Too many calls; wait as Retry-After says.", retry_after=wait)

    def _refilled(self, caller: str) -> _Bucket:
        now, quota = self._timer(), float(self._policy.quota)
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = self._buckets[caller] = _Bucket(quota, now)
            if len(self._buckets) > _CALLERS_MOST:
                self._buckets.popitem(last=False)
            return bucket
        self._buckets.move_to_end(caller)
        bucket.left = min(quota, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        return bucket

    def _headers(self, left: float) -> list[tuple[bytes, bytes]]:
        full_in = math.ceil((self._policy.quota - left) / self._rate)
        state = f'"{self._policy.name}";r={int(left)};t={full_in}'.encode()
        return [(b"ratelimit-policy", self._policy_header), (b"ratelimit", state)]
