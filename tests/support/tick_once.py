"""A process that looks once at the clocks of a database, at a time it is told: `python -m tests.support.tick_once`.

It says `ready`, waits for a line, looks, and says how many things it said. Settings come from the environment.
"""

import asyncio
import sys

from gateway.adapters.bell import Bell
from gateway.adapters.duties import clocks
from gateway.bootstrap import open_core, open_watch
from gateway.settings import GatewaySettings
from shared.kernel.clock import ManualClock, from_wire


def main(at: str) -> None:
    core = open_core(GatewaySettings(), clock=ManualClock(from_wire(at)))
    ticker = open_watch(core, clocks(core.sop), Bell())
    _say("ready")
    sys.stdin.readline()
    _say(str(asyncio.run(ticker.look())))
    core.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
