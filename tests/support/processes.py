"""A whole mesh of real processes for tests: started by the command line, stopped for certain."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mesh.home import Home
from mesh.programs import CHECKOUT, process_environment
from mesh.up import stop
from tests.support.nursery import run_command

READY = "Ready."


def run_mesh(*arguments: str, within: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a command of the mesh to its end."""
    return run_command(*arguments, environment=process_environment(), within=within)


@contextmanager
def running_mesh(folder: Path, *, port_base: int) -> Iterator[Home]:
    """Run a mesh in `folder` inside this context; it is ready when the context begins."""
    home = Home(folder)
    command = [sys.executable, "-m", "tests.support.warm_mesh", "up"]
    with subprocess.Popen(
        [*command, "--home", str(folder), "--port-base", str(port_base)],
        cwd=CHECKOUT, env=process_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            read_until_ready(process)
            yield home
        finally:
            stop(home)


class KeptMesh:
    """A mesh that is started when a test first asks for it, and again when one has taken it down."""

    def __init__(self, folder: Path, *, port_base: int) -> None:
        self._folder, self._port_base = folder, port_base
        self._running = ExitStack()

    def up(self) -> Home:
        """Return the home of the mesh, which runs."""
        home = Home(self._folder)
        if not home.is_running():
            self._running.close()
            self._running.enter_context(running_mesh(self._folder, port_base=self._port_base))
        return home

    def down(self) -> None:
        """Stop it for certain."""
        self._running.close()


def read_until_ready(process: subprocess.Popen[str]) -> None:
    """Read what the mesh prints until it says that it is ready; fail with its words when it ends before."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if READY in line:
            return
    raise AssertionError("the mesh did not start:\n" + "".join(said))
