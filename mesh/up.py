"""Start and stop the whole mesh in one home."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from mesh.home import Home
from mesh.programs import programs_of
from mesh.refusal import CommandRefused
from mesh.roster import DEPLOYABLES, Addresses
from mesh.supervisor import STOP_WITHIN, Supervisor, is_alive

POLL: Final = 0.1


def serve(
    home: Home,
    addresses: Addresses,
    *,
    prepare: Callable[[], None],
    when_ready: Callable[[], None],
    on_fault: Callable[[str], None],
) -> None:
    """Run the mesh in `home` until ctrl-C, SIGTERM or `stop`.

    `prepare` runs first, while the home is already locked; `on_fault` hears what the machine does not let us do.
    Raises `CommandRefused`.
    """
    with home.lock() as lock:
        check_ports(addresses)
        prepare()
        try:
            asyncio.run(_supervise(home, addresses, lock=lock, when_ready=when_ready, on_fault=on_fault))
        finally:
            home.state_file.unlink(missing_ok=True)


async def _supervise(
    home: Home, addresses: Addresses, *, lock: int, when_ready: Callable[[], None], on_fault: Callable[[str], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)

    def note(processes: dict[str, int]) -> None:
        home.keep_state(state_of(addresses, processes))

    supervisor = Supervisor(programs_of(home, addresses), on_change=note, on_fault=on_fault, keep_open=(lock,))
    await supervisor.run(stop=stop, when_ready=when_ready)


def state_of(addresses: Addresses, processes: dict[str, int]) -> dict[str, object]:
    """Return what is noted of a running mesh: its supervisor, and each service's process and address."""
    services = {
        deployable.name: {"pid": processes.get(deployable.name), "url": addresses.url(deployable)}
        for deployable in DEPLOYABLES
    }
    return {"pid": os.getpid(), "port_base": addresses.port_base, "services": services}


def check_ports(addresses: Addresses) -> None:
    """Raise `CommandRefused` when another program listens where the mesh wants to."""
    taken = [port for deployable in DEPLOYABLES if is_taken(port := addresses.port(deployable))]
    if taken:
        ports = ", ".join(map(str, taken))
        raise CommandRefused(f"Another program listens on port {ports}. Choose other ports: --port-base N.")


def is_taken(port: int) -> bool:
    """Say whether something listens on this port of the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def stop(home: Home, *, within: float = 3 * STOP_WITHIN) -> bool:
    """Stop the mesh in `home` and wait until it is gone; return False when none ran.

    The lock tells whether anything of it still lives, even after its supervisor was killed. Raises
    `CommandRefused`.
    """
    if not home.is_running():
        return False
    for pid in pids_to_stop(home):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + within
    while home.is_running():
        if time.monotonic() > deadline:
            raise CommandRefused(f"The mesh in {home.root} still runs after {within:.0f} s.")
        time.sleep(POLL)
    home.state_file.unlink(missing_ok=True)
    return True


def pids_to_stop(home: Home) -> list[int]:
    """Return the supervisor, or what it left behind when it is dead."""
    state = home.state()
    if state is None:
        raise CommandRefused(f"A mesh in {home.root} is only just starting or stopping. Try again.")
    if is_alive(state["pid"]):
        return [state["pid"]]
    left = [service["pid"] for service in state["services"].values() if service["pid"]]
    return [pid for pid in left if runs_a_deployable(pid)]


def runs_a_deployable(pid: int) -> bool:
    """Say whether this process is one of ours (its id may have passed on to a stranger)."""
    command = Path(f"/proc/{pid}/cmdline")
    if not command.exists():
        return is_alive(pid) and not Path("/proc/self").exists()
    return any(deployable.factory.encode() in command.read_bytes() for deployable in DEPLOYABLES)
