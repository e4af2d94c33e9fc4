"""To try again what a peer that was away did not do.

Only for what may be repeated without harm. A signed message may: its id is its idempotency key.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.kernel.backoff import LONGEST_WAIT, backoff
from shared.kernel.errors import PeerUnavailable

_ResultT = TypeVar("_ResultT")


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
