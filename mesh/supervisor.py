"""Run programs as child processes: wait until they answer, restart what dies, stop them all in good order.

A program that dies after a steady life is started again at once, one that keeps dying after growing pauses, and so is
one that the machine cannot start now: no room, no more files, no more processes. One that dies before it has ever
answered ends the whole start with the tail of its log: then something is set up wrong.
"""

import asyncio
import os
import ssl
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache

import httpx

from mesh.programs import CHECKOUT, Program
from mesh.refusal import CommandRefused

READY_WITHIN = 60.0
STOP_WITHIN = 10.0
STEADY_AFTER = 30.0
LONGEST_PAUSE = 30.0
LOG_TAIL = 15


class Child:
    """One supervised program and the process it is at the moment."""

    def __init__(self, program: Program, *, keep_open: Sequence[int] = ()) -> None:
        self.program = program
        self.keep_open = tuple(keep_open)
        self.process: Process | None = None
        self.exited = asyncio.Event()

    async def start(self) -> None:
        """Start the program in its own session, so that a ctrl-C reaches only the supervisor."""
        with self.program.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.program.command, env=dict(self.program.environment), cwd=CHECKOUT,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=self.keep_open,
            )  # fmt: skip

    async def keep_running(self, on_change: Callable[[], None], on_fault: Callable[[str], None]) -> None:
        """Start the program again whenever it ends, or could not be started, for ever."""
        pause = 0.0
        while True:
            started = time.monotonic()
            try:
                await self.start()
            except OSError as fault:
                on_fault(f"{self.program.name} cannot be started: {fault}.")
            else:
                on_change()
            await self._wait()
            self.exited.set()
            pause = next_pause(pause, lived=time.monotonic() - started)
            await asyncio.sleep(pause)

    async def _wait(self) -> None:
        if self.process is not None:
            await self.process.wait()

    async def stop(self) -> None:
        """Ask the process to end, and end it when it does not in time."""
        if self.process is None or self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_WITHIN)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def ready(self) -> None:
        """Return once the program answers. Raises `CommandRefused` when it ends before."""
        answering = asyncio.create_task(wait_until_ready(self.program.url))
        ended = asyncio.create_task(self.exited.wait())
        done, waiting = await asyncio.wait({answering, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if ended in done:
            raise CommandRefused(f"{self.program.name} ended while starting. {self.log_tail()}")
        await answering

    def log_tail(self) -> str:
        """Return where the log is and its last lines; there is none when the program could not even be started."""
        log = self.program.log
        lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL:] if log.exists() else []
        return f"The end of {log}:\n" + "\n".join(lines)


class Supervisor:
    """Keeps a set of programs running.

    `on_change` hears the process ids, by name, whenever one was started; `on_fault` hears what the machine did not let
    us do (`OSError`), which is tried again.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        on_change: Callable[[dict[str, int]], None],
        on_fault: Callable[[str], None],
        keep_open: Sequence[int] = (),
    ) -> None:
        self.children = [Child(program, keep_open=keep_open) for program in programs]
        self._on_change = on_change
        self._on_fault = on_fault

    async def run(self, *, stop: asyncio.Event, when_ready: Callable[[], None]) -> None:
        """Start all, say when all answer, then run until `stop` is set; always leaves no process behind.

        Raises `CommandRefused` where one does not start, and whatever else keeps one from being kept running.
        """
        tasks = [asyncio.create_task(child.keep_running(self._changed, self._on_fault)) for child in self.children]
        tasks.append(asyncio.create_task(self._tell(when_ready)))
        try:
            await until(stop, asyncio.gather(*tasks))
        finally:
            await cancel(tasks)
            await asyncio.gather(*(child.stop() for child in self.children))

    async def _tell(self, when_ready: Callable[[], None]) -> None:
        await asyncio.gather(*(child.ready() for child in self.children))
        when_ready()

    def _changed(self) -> None:
        try:
            self._on_change({child.program.name: child.process.pid for child in self.children if child.process})
        except OSError as fault:
            self._on_fault(f"What runs cannot be noted: {fault}.")
            asyncio.get_running_loop().call_later(LONGEST_PAUSE, self._changed)


async def until(stop: asyncio.Event, work: Awaitable[object]) -> None:
    """Wait for `work` or for `stop`, whichever comes first; an error of `work` is raised."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        task.result()
    else:
        await cancel([task])


async def cancel(tasks: Sequence[asyncio.Future[object]] | Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they are gone."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def wait_until_ready(url: str, *, within: float = READY_WITHIN) -> None:
    """Return once `url`/readyz answers 200. Raises `CommandRefused`; however little time there is, it asks once."""
    deadline = time.monotonic() + within
    async with httpx.AsyncClient(trust_env=False, timeout=2, verify=_trusted()) as client:
        while True:
            with suppress(httpx.HTTPError):
                answer = await client.get(f"{url}/readyz")
                if answer.status_code == httpx.codes.OK:
                    return
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.1)
    raise CommandRefused(f"{url} did not become ready within {within:.0f} s.")


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom this process trusts to answer; to read it takes longer than to ask."""
    return httpx.create_ssl_context()


def next_pause(last: float, *, lived: float) -> float:
    """Return how long to wait before the next start: doubling from half a second, none after a steady life."""
    if lived >= STEADY_AFTER:
        return 0.0
    return min(max(last * 2, 0.5), LONGEST_PAUSE)


def is_alive(pid: int) -> bool:
    """Say whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
