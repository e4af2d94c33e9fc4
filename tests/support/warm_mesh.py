"""`python -m tests.support.warm_mesh up ...`: the mesh with servers that find everything imported.

Most of what a server does until it answers is to import what it serves with. Here whoever watches over the five has
imported that once, has read the procedure and opened the key files, and each server is forked from it, also when one
that was killed is started again: a process of its own, in a session of its own, with its own arguments, environment and
log. Everything else is what an operator runs. Servers that are started as an operator starts them are in
test_whole_mesh (a first start, from nothing), in test_rolling_restart and in all that looks from outside. Where the
system cannot tell of one process when it ends, this is an ordinary `python -m mesh`.
"""

import asyncio
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextvars import Context
from functools import cache
from importlib import import_module
from typing import Any, NoReturn

from mesh.cli import run
from mesh.roster import DEPLOYABLES
from shared.seal import keyfile
from shared.sop.loader import load_sop
from shared.web import server

__all__ = ["main"]

#: What a server imports beside its own rooms.
_OFTEN = ("mesh.provisioning", "mesh.up", "shared.web.protocol", "uvicorn.main", "uvicorn.lifespan.on")
#: A server ends with whoever watches over it, however that ends (`PR_SET_PDEATHSIG`, prctl(2)).
_TOLD_OF_ITS_PARENT = 1


class Forked:
    """As much of `asyncio.subprocess.Process` as a supervisor looks at."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None
        self._ended = asyncio.Event()
        loop, descriptor = asyncio.get_running_loop(), os.pidfd_open(pid)
        loop.add_reader(descriptor, self._end, loop, descriptor)

    def _end(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._ended.set()

    async def wait(self) -> int | None:
        await self._ended.wait()
        return self.returncode

    def terminate(self) -> None:
        self._tell(signal.SIGTERM)

    def kill(self) -> None:
        self._tell(signal.SIGKILL)

    def _tell(self, what: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, what)


async def forked(*command: str, env: Mapping[str, str], stdout: Any, pass_fds: Sequence[int], **_: Any) -> Forked:
    """Start a server as `asyncio.create_subprocess_exec` does for a supervisor."""
    assert command[1:3] == ("-m", "shared.web.server"), command
    sys.stdout.flush()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _serve(command[3:], env, log=stdout.fileno(), keep=pass_fds)
        return Forked(pid)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _serve(words: Sequence[str], environment: Mapping[str, str], *, log: int, keep: Sequence[int]) -> NoReturn:
    """Be a server until it ends."""
    code = 1
    try:
        _leave_the_parent(log, keep)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["server", *words]
        Context().run(server.run)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _leave_the_parent(log: int, keep: Sequence[int]) -> None:
    """Give back what a process that was started anew would not have: a session, signals, a loop, open files."""
    os.setsid()
    ctypes.CDLL(None).prctl(_TOLD_OF_ITS_PARENT, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    asyncio._set_running_loop(None)
    for stream, source in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(source, stream)
    for descriptor in {int(name) for name in os.listdir("/proc/self/fd")} - {0, 1, 2, *keep}:  # noqa: PTH208 - not a path
        try:
            os.close(descriptor)
        except OSError:
            continue  # the list itself was one
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())


def main() -> None:
    """Run a command of the mesh."""
    if hasattr(os, "pidfd_open"):
        for name in (*_OFTEN, *(deployable.factory.partition(":")[0] for deployable in DEPLOYABLES)):
            import_module(name)
        load_sop()
        keyfile._derive = cache(keyfile._derive)
        asyncio.create_subprocess_exec = forked  # type: ignore[assignment]  # a supervisor's servers alone
        gc.collect()
        gc.freeze()
    run()


if __name__ == "__main__":
    main()
