"""The processes under measurement: started alike, watched for what they burn and hold, stopped for certain."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

OPTIONS = ("--loop", "uvloop", "--no-access-log", "--no-server-header", "--log-level", "warning")
_START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024
_PRIVATE = ("Private_Clean", "Private_Dirty", "Private_Hugetlb")


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds, in MiB: all it maps, its share of it, and what is its own alone."""

    rss: float
    pss: float
    uss: float

    def as_figures(self) -> dict[str, float]:
        """Return the figures by name."""
        return {name: round(value, 1) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server process."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Return the processor time it has used so far, all threads, user and system."""
        return cpu_seconds(self.process.pid)

    def memory(self) -> Memory:
        """Return what it holds now."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()[1:]
        kibs = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return Memory(kibs["Rss"] / _MIB, kibs["Pss"] / _MIB, sum(kibs[name] for name in _PRIVATE) / _MIB)

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """Let the process do nothing until the context ends; what is sent to it waits."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


def cpu_seconds(pid: int, *, with_children: bool = False) -> float:
    """Return the processor time of a process, and of children that it has waited for when asked to."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11 : 15 if with_children else 13]) / _TICKS


@contextmanager
def serving(
    factory: str, environment: Mapping[str, str], *, port: int, program: str = "shared.web.server"
) -> Iterator[Server]:
    """Run an application until the context ends. Modules are compiled once and kept, as where they are installed."""
    command = [sys.executable, "-m", program, "--factory", factory, "--host", "127.0.0.1", "--port", str(port)]
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen([*command, *OPTIONS], env={**inherited, **environment})
    try:
        _await_port(process, port)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start: {process.args!r}")


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
