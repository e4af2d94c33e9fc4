"""How often one caller may call: a token bucket per principal.

Owns the allowance and the headers that tell it (draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy`,
`RateLimit`; RFC 6585 for 429). Promises bounded memory and constant cost. Keyed by who calls, never by an address.
A process has buckets of its own. Where several serve the same callers, each reports what was spent at it (`take_spent`)
and charges itself with what the others report (`charge`), so that a caller has one allowance over all of them: exact
to what is spent between two reports.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
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
        self._spent: dict[str, int] | None = None
        told = f'"{policy.name}";q={policy.quota};w={policy.window_seconds}'
        self._policy_header = (b"ratelimit-policy", told.encode())
        self._state = f'"{policy.name}";r=%d;t=%d'.encode()

    def spend(self, scope: MutableMapping[str, Any], caller: str) -> None:
        """Take one call from the allowance of `caller` and leave the headers for the answer in `scope`.

        Raises `TooManyRequests` (`rate.exceeded`) with the seconds until one call is allowed again.
        """
        bucket = self._refilled(caller)
        allowed = bucket.left >= 1
        if allowed:
            bucket.left -= 1
            if self._spent is not None:
                self._spent[caller] = self._spent.get(caller, 0) + 1
        left, full_in = max(0, int(bucket.left)), math.ceil((self._policy.quota - bucket.left) / self._rate)
        scope[SCOPE_KEY] = (self._policy_header, (b"ratelimit", self._state % (left, full_in)))
        if not allowed:
            wait = max(1, math.ceil((1 - bucket.left) / self._rate))
            raise TooManyRequests("rate.exceeded", "Too many calls; wait as Retry-After says.", retry_after=wait)

    def share(self) -> None:
        """Count from now on what is spent here, for others."""
        self._spent = {}

    def take_spent(self) -> Mapping[str, int]:
        """Return how many calls each caller made here since this was last asked."""
        spent, self._spent = self._spent or {}, {}
        return spent

    def charge(self, spent: Mapping[str, int]) -> None:
        """Take from the allowances what callers spent elsewhere; one may owe as much as a whole allowance."""
        for caller, calls in spent.items():
            bucket = self._refilled(caller)
            bucket.left = max(-float(self._policy.quota), bucket.left - calls)

    def lacking(self) -> Mapping[str, int]:
        """Return how much each allowance lacks of being whole, for one who has just begun."""
        quota = self._policy.quota
        lacking = {caller: round(quota - self._refilled(caller).left) for caller in list(self._buckets)}
        return {caller: calls for caller, calls in lacking.items() if calls > 0}

    def lack(self, lacking: Mapping[str, int]) -> None:
        """Have no more left for each caller than another says there is."""
        for caller, calls in lacking.items():
            bucket = self._refilled(caller)
            bucket.left = min(bucket.left, float(self._policy.quota - calls))

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
