"""When to try again: exponential backoff with jitter.

Only for what may be repeated without harm. A signed message may: its id is its idempotency key.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from shared.kernel.errors import PeerUnavailable

FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 10.0

_ResultT = TypeVar("_ResultT")
_STEPS: Final = 1_000


def backoff(attempt: int, *, first: float = FIRST_WAIT, longest: float = LONGEST_WAIT) -> float:
    """Return the seconds to wait after failed attempt number `attempt` (from 1): half fixed, half jitter."""
    whole: float = min(longest, first * 2 ** min(attempt - 1, 32))
    return whole / 2 * (1 + secrets.randbelow(_STEPS) / _STEPS)


async def persist(
    work: Callable[[], Awaitable[_ResultT]],
    *,
    attempts: int,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> _ResultT:
    """Run `work` until it succeeds, at most `attempts` times, waiting in between where the peer is unavailable.

    Any other error ends it at once. A longer `retry_after` of the peer is honoured, up to `LONGEST_WAIT`.
    """
    for attempt in range(1, attempts):
        try:
            return await work()
        except PeerUnavailable as fault:
            await wait(max(backoff(attempt), min(fault.retry_after or 0, LONGEST_WAIT)))
    return await work()
