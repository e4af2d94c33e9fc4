"""Forgetting what is kept for a time only: keys of acts, used assertions, unfinished referrals, old notifications.

Idempotency keys go after 24 hours, assertions once they have ended, the unfinished after some days, a notification some
days after it was taken or given up. What a release of before wrote unfinished goes at once: nobody could seal it off.
Cases, their journals and receipts are kept: how long, the law of each agency says.
"""

from datetime import timedelta
from typing import Any, Final

from shared.agency.acting import KEPT
from shared.agency.ports import Desk, Store
from shared.agency.records import IdempotentAct, Notification, Unsent, UsedAssertion
from shared.agency.unsent import is_nobodys
from shared.kernel.clock import Clock, to_wire

EVERY_SECONDS: Final = 600.0
#: How much is forgotten in one round, of each kind.
AT_ONCE: Final = 500


class Housekeeping:
    """Forgets, a round at a time (`shared.agency.rounds`)."""

    def __init__(self, store: Store, clock: Clock, *, notifications_kept: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._notifications_kept = notifications_kept

    async def once(self) -> int:
        """Forget what is over; return how much that was."""
        now = self._clock.now()
        limits: list[tuple[type[Any], str]] = [
            (IdempotentAct, to_wire(now - KEPT)),
            (UsedAssertion, to_wire(now)),
            (Unsent, to_wire(now)),
            (Notification, to_wire(now - self._notifications_kept)),
        ]

        def work(desk: Desk) -> int:
            over = [record for kind, before in limits for record in desk.over(kind, before=before, limit=AT_ONCE)]
            over += [one for one in desk.find(Unsent, actor="") if is_nobodys(one) and one not in over]
            for record in over:
                desk.remove(record)
            return len(over)

        return await self._store.write(work)
