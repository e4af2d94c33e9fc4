"""The processes of one stage, as the harness holds them: started, frozen, killed, started again."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.faults.http import BROKEN, Wire, request
from bench.faults.page import Page
from mesh.programs import CHECKOUT, process_environment

_READY_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 15.0
_READY: Final = request("GET", "/livez", {})


class Nursery:
    """The parent from which all processes are forked (`bench.faults.process`)."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._ended: dict[int, asyncio.Event] = {}

    async def open(self) -> None:
        """Start the parent."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.faults.process",
            stdin=PIPE, stdout=PIPE, cwd=CHECKOUT, env=process_environment(),
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen())
        await self._started.get()

    async def fork(self, order: Mapping[str, Any]) -> int:
        """Start one process and return its id."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self._started.get()

    def ended(self, pid: int) -> asyncio.Event:
        """Return what is set once a process has ended."""
        return self._ended.setdefault(pid, asyncio.Event())

    async def close(self) -> None:
        """End the parent, and with it whatever still runs."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._listening is not None:
            self._listening.cancel()

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "ended" in said:
                self.ended(said["ended"]).set()
            else:
                await self._started.put(said.get("pid", 0))


@dataclass(slots=True)
class Node:
    """One process under test: how it is started, and the process it is at the moment."""

    name: str
    port: int
    page: Page
    log: Path
    environment: Mapping[str, str]
    nursery: Nursery
    plant: str = ""
    pid: int = 0

    async def start(self) -> None:
        """Start it and return once it answers."""
        order = {
            "name": self.name,
            "port": self.port,
            "page": str(self.page.path),
            "log": str(self.log),
            "environment": dict(self.environment),
            "plant": self.plant,
        }
        self.pid = await self.nursery.fork(order)
        await self.ready()

    async def ready(self) -> None:
        """Return once it answers. Raises `RuntimeError` when it ends before, `TimeoutError` when it takes too long.

        It may say all the same that it is not ready: with a clock that is wrong, it should.
        """
        async with asyncio.timeout(_READY_SECONDS):
            while not await self._is_ready():
                if self.nursery.ended(self.pid).is_set():
                    tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                    raise RuntimeError(f"{self.name} ended while starting:\n{tail}")
                await asyncio.sleep(0.03)

    async def _is_ready(self) -> bool:
        try:
            wire = await Wire.open(self.port)
            try:
                return (await asyncio.wait_for(wire.ask(_READY), 5)).status == 200
            finally:
                wire.close()
        except BROKEN:
            return False

    async def ended(self, within: float | None = None) -> bool:
        """Return True once the process has ended, or False when it still lives after `within` seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.nursery.ended(self.pid).wait(), within)
            return True
        return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def kill(self) -> None:
        """Kill it where it stands."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def revive(self) -> None:
        """See to it that it lives and runs, whatever was being done to it."""
        self.page.clear()
        self.signal(signal.SIGCONT)
        if self.nursery.ended(self.pid).is_set():
            await self.start()
        await self.ready()

    async def stop(self) -> None:
        """End it in good order."""
        if not self.pid:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if not await self.ended(_STOP_SECONDS):
            await self.kill()
