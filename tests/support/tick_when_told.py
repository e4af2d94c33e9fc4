"""A process that looks at the clocks of a database whenever it is told: `python -m tests.support.tick_when_told`.

It says `ready`, reads lines that are times, looks once at each, and says how many things it said. Settings come from
the environment.
"""

import asyncio
import sys
from datetime import UTC, datetime

from gateway.adapters.bell import Bell
from gateway.adapters.duties import clocks
from gateway.bootstrap import open_core, open_watch
from gateway.settings import GatewaySettings
from shared.kernel.clock import ManualClock, from_wire

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    clock = ManualClock(EPOCH)
    core = open_core(GatewaySettings(), clock=clock)
    ticker = open_watch(core, clocks(core.sop), Bell())
    _say("ready")
    for line in sys.stdin:
        clock.advance(from_wire(line.strip()) - clock.now())
        _say(str(asyncio.run(ticker.look())))
    core.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
