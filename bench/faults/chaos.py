"""What happens to whole processes, clocks and databases while the traffic goes on.

Kills at every named point in turn, kills at random moments, frozen processes, clocks that jump, locked or crashed
databases, and a partner that is away for days of everybody's clock. Each is one fault, counted once it has happened.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Iterator
from random import Random
from typing import Final

from bench.faults.nodes import Node
from bench.faults.points import AGENCY, NUMBER, POINTS, points_of
from bench.faults.points import GATEWAY as GATEWAY_KIND
from bench.faults.tally import Tally
from bench.faults.world import GATEWAY, World

_REACHED_WITHIN: Final = 5.0
#: A point that was passed less often than this kills the first who passes it, and has more time for that.
_OFTEN: Final = 50
_RARELY_WITHIN: Final = 15.0
_DOWN_SECONDS: Final = 0.3
#: Within what deliveries may be dated wrong (5 minutes) and messages may come from the future (10).
_JUMP_SECONDS: Final = 120.0


class Chaos:
    """Does one thing after another, in an order that the seed decides."""

    def __init__(
        self,
        world: World,
        *,
        rng: Random,
        tally: Tally,
        kill_at: Collection[str] = (),
        first: Collection[str] = (),
        pause: float = 1.0,
    ) -> None:
        """With `kill_at`, kill at those points alone; otherwise at those of `first` (`process:point`) before others.

        `pause` is how many seconds it rests in between.
        """
        self._world, self._rng, self._tally = world, rng, tally
        self._kill_at, self._first, self._pause = kill_at, first, pause
        self.is_over = False
        self.killed_at: dict[str, int] = {}
        self.not_reached: set[str] = set()

    async def run(self) -> None:
        """Go on until `is_over`; what was begun is ended, so that whoever was killed is there again."""
        plan = self._plan()
        while not self.is_over:
            await asyncio.sleep(self._rng.uniform(0.3, 1.0) * self._pause)
            await next(plan)()

    def _plan(self) -> Iterator[Callable[[], Awaitable[None]]]:
        """Yield every named point of every process, with something else after each; then all again."""
        others = [self._freeze, self._jump, self._hurt_database, self._kill_anywhere, self._jump, self._freeze]
        turn = 0
        while True:
            points = [(name, point) for name in self._world.nodes for point in self._points(name)]
            self._rng.shuffle(points)
            points.sort(key=lambda one: f"{one[0]}:{one[1]}" not in self._first)
            for name, point in points:
                yield lambda name=name, point=point: self._kill_at_point(name, point)  # type: ignore[misc]
                yield others[turn % len(others)]
                turn += 1

    def _points(self, name: str) -> list[str]:
        kind = GATEWAY_KIND if name == GATEWAY else AGENCY
        passed = points_of(kind, polls=self._world.polls_at(name))
        return [point for point in passed if point in self._kill_at] if self._kill_at else passed

    async def _kill_at_point(self, name: str, point: str) -> None:
        """Have a process die at a point; where the traffic does not lead there soon, leave it alive and say so."""
        node, number = self._world.nodes[name], NUMBER[point]
        is_rare = node.page.hits(number) < _OFTEN
        node.page.arm(number, after=0 if is_rare else self._rng.randint(0, 6))
        if not await node.ended(_RARELY_WITHIN if is_rare else _REACHED_WITHIN):
            node.page.disarm()
            if not await node.ended(0.05):
                self.not_reached.add(f"{name}:{point}")
                return
        died_at = POINTS[node.page.died_at].name
        self.killed_at[f"{name}:{died_at}"] = self.killed_at.get(f"{name}:{died_at}", 0) + 1
        self._tally.note("killed-at-point", name)
        await self._back(node)

    async def _kill_anywhere(self) -> None:
        node = self._any()
        await node.kill()
        self._tally.note("killed-anywhere", node.name)
        await self._back(node)

    async def _back(self, node: Node) -> None:
        node.page.clear()
        await asyncio.sleep(self._rng.uniform(0, _DOWN_SECONDS))
        await node.start()

    async def _freeze(self) -> None:
        """Stop a process for a while, as a machine does that is out of breath: its connections stay, half open."""
        node = self._any()
        node.signal(signal.SIGSTOP)
        await asyncio.sleep(self._rng.uniform(0.2, 1.5))
        node.signal(signal.SIGCONT)
        self._tally.note("process-frozen", node.name)

    async def _jump(self) -> None:
        """Set one clock wrong; one that went back is set right soon: until then whoever waits for a time waits on."""
        node, ahead = self._any(), self._rng.uniform(-_JUMP_SECONDS, _JUMP_SECONDS)
        node.page.offset += ahead
        self._tally.note("clock-jumped-ahead" if ahead > 0 else "clock-jumped-back", node.name)
        await asyncio.sleep(self._rng.uniform(0.5, 2.0))
        if ahead < 0 or self._rng.random() < 0.5:
            self._world.level_clocks()
            self._tally.note("clocks-set-alike", "all")

    async def _hurt_database(self) -> None:
        fault, node = self._rng.choice(self._world.engine.faults), self._any()
        await self._world.engine.hurt(fault, node.name)
        self._tally.note(fault, node.name)

    def _any(self) -> Node:
        return self._rng.choice(list(self._world.nodes.values()))
