"""Play the story against the mesh of a home, starting one for the time of the story when none answers."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console

from mesh.clients import credentials_of
from mesh.demo.cast import Cast
from mesh.demo.narrator import Narrator
from mesh.demo.proof import prove_chain, prove_ledger
from mesh.demo.story import Story
from mesh.home import Home
from mesh.programs import CHECKOUT, process_environment
from mesh.refusal import CommandRefused
from mesh.supervisor import READY_WITHIN, wait_until_ready
from mesh.up import stop

POLL: Final = 0.1
GLANCE: Final = 1.0


def play(home: Home, *, port_base: int, wait: float) -> None:
    """Tell the story and verify the ledger. Raises `StoryBroken` at the step that does not hold.

    With a `wait` the mesh is one that others start: it has that many seconds to answer, and none is started here.
    """
    console = Console()
    mesh = running_elsewhere(home, within=wait) if wait else a_mesh(home, port_base=port_base, console=console)
    with mesh:
        narrator = Narrator(console)
        asyncio.run(_play(home, narrator))
        prove_ledger(home, narrator)
    narrator.end()


async def _play(home: Home, narrator: Narrator) -> None:
    async with Cast(credentials_of(home)) as cast:
        chain_id = await Story(cast, narrator).play()
        await prove_chain(cast, narrator, chain_id)


@contextmanager
def running_elsewhere(home: Home, *, within: float) -> Iterator[None]:
    """Use a mesh that others run, who may be making it yet. Raises `CommandRefused` when it does not answer in time."""
    deadline = time.monotonic() + within
    while home.credentials() is None and time.monotonic() < deadline:
        time.sleep(POLL)
    if not all_answer(credentials_of(home), within=max(POLL, deadline - time.monotonic())):
        raise CommandRefused(f"The mesh did not answer within {within:.0f} s.")
    yield


@contextmanager
def a_mesh(home: Home, *, port_base: int, console: Console) -> Iterator[None]:
    """Use the mesh that answers, or that runs in this home and soon will; or run one of our own inside this context.

    One that others run is never stopped here, even when a service of it is just being started again.
    """
    known = home.credentials()
    if home.is_running() or (known is not None and all_answer(known, within=GLANCE)):
        with running_elsewhere(home, within=READY_WITHIN):
            console.print(f"Playing against the mesh at {credentials_of(home)['gateway']}")
            yield
        return
    console.print(f"No mesh answers; starting one in {home.root} for the time of the story ...")
    with subprocess.Popen(up_command(home, port_base), cwd=CHECKOUT, env=process_environment()) as process:
        try:
            wait_for(home, process)
            yield
        finally:
            stop(home)


def up_command(home: Home, port_base: int) -> list[str]:
    """Return the command that starts a mesh quietly."""
    options = ["--home", str(home.root), "--port-base", str(port_base), "--quiet"]
    return [sys.executable, "-m", "mesh", "up", *options]


def wait_for(home: Home, process: subprocess.Popen[bytes]) -> None:
    """Return once every service answers. Raises `CommandRefused` when the mesh ends or takes too long.

    It gives its programs `READY_WITHIN`, and makes their keys and tables before.
    """
    deadline = time.monotonic() + 2 * READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CommandRefused("The mesh did not start; see above.")
        known = home.credentials()
        if home.state() is not None and known is not None and all_answer(known, within=POLL):
            return
        time.sleep(POLL)
    raise CommandRefused(f"The mesh was not ready within {2 * READY_WITHIN:.0f} s; see {home.root / 'logs'}")


def all_answer(credentials: dict[str, Any], *, within: float) -> bool:
    """Say whether the gateway and every agency service are ready."""
    urls = [credentials["gateway"], *(agency["url"] for agency in credentials["agencies"].values())]
    try:
        asyncio.run(_all_ready(urls, within=within))
    except CommandRefused:
        return False
    return True


async def _all_ready(urls: list[str], *, within: float) -> None:
    await asyncio.gather(*(wait_until_ready(url, within=within) for url in urls))
