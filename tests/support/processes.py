"""A whole mesh of real processes for tests: started by the command line, stopped for certain."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mesh.home import Home
from mesh.programs import CHECKOUT, process_environment
from mesh.up import stop

READY = "Ready."


def mesh_command(*arguments: str) -> list[str]:
    """Return the command line of `python -m mesh`."""
    return [sys.executable, "-m", "mesh", *arguments]


def run_mesh(*arguments: str, within: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a command of the mesh to its end."""
    return subprocess.run(
        mesh_command(*arguments),
        cwd=CHECKOUT, env=process_environment(), capture_output=True, text=True, check=False, timeout=within,
    )  # fmt: skip


@contextmanager
def running_mesh(folder: Path, *, port_base: int) -> Iterator[Home]:
    """Run a mesh in `folder` inside this context; it is ready when the context begins."""
    home = Home(folder)
    command = mesh_command("up", "--home", str(folder), "--port-base", str(port_base))
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=process_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            read_until_ready(process)
            yield home
        finally:
            stop(home)


def read_until_ready(process: subprocess.Popen[str]) -> None:
    """Read what the mesh prints until it says that it is ready; fail with its words when it ends before."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if READY in line:
            return
    raise AssertionError("the mesh did not start:\n" + "".join(said))
