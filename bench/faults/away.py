"""A partner that is away for days of everybody's clock, and comes back.

The recipient is killed and stays away while the sender goes on: people are referred, some take consent back. Then
everybody's clock is days later, half a day at a time, and it comes back. Nobody acts while the clocks are moved: a key
of a partner system is kept for a day and no longer (docs/explanation/delivery-guarantees.md).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from bench.faults.tally import Tally
from bench.faults.workload import Traffic
from bench.faults.world import SOCIAL, World

HALF_A_DAY: Final = timedelta(hours=12)
HALF_DAYS: Final = 6
_CASES: Final = 12
_LOOK_SECONDS: Final = 1.0


async def be_away(world: World, traffic: Traffic, tally: Tally, remember: Callable[[], Awaitable[None]]) -> None:
    """Take the recipient away, send it what it cannot get, let three days go by, and have it back.

    `remember` is called before the clocks are moved: it keeps which key stood for what.
    """
    recipient, line = world.nodes[SOCIAL], world.lines["client->social"]
    line.is_cut = True
    await recipient.kill()
    sent = await traffic.send(_CASES)
    for one in world.lines.values():
        await one.settle()
    await remember()
    for _ in range(HALF_DAYS):
        for name in world.nodes:
            world.shift(name, HALF_A_DAY.total_seconds())
        tally.note("partner-away-half-a-day", SOCIAL)
        await asyncio.sleep(_LOOK_SECONDS)
    line.is_cut = False
    await recipient.start()
    await traffic.handle(sent)
