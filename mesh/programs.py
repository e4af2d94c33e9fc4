"""How each deployable is started: its command line and its environment (`MESH_*`).

A process sees only its own secrets. Settings of the caller's environment that belong to a deployable (logs, traces)
are passed on; everything that `mesh` decides itself wins over them.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from mesh.home import Home
from mesh.roster import DEPLOYABLES, GATEWAY, Addresses, AgencyService, Deployable

CHECKOUT: Final = Path(__file__).resolve().parent.parent
PASSED_ON: Final = ("MESH_OTLP_ENDPOINT", "MESH_LOG_LEVEL")


@dataclass(frozen=True, slots=True)
class Program:
    """One process to supervise."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    url: str


def settings_of(home: Home, deployable: Deployable, addresses: Addresses) -> dict[str, str]:
    """Return the `MESH_*` settings of one deployable, secrets included."""
    settings = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    settings |= {
        "MESH_DATABASE_URL": home.database_url(deployable),
        "MESH_PUBLIC_URL": addresses.url(deployable),
        "MESH_KEY_FILE": str(home.key_file(deployable)),
    }
    if isinstance(deployable, AgencyService):
        settings |= {"MESH_AGENCY_ID": deployable.agency_id, "MESH_GATEWAY_URL": addresses.url(GATEWAY)}
    return settings | home.secrets(deployable)


def command_of(deployable: Deployable, *, host: str, port: int) -> tuple[str, ...]:
    """Return the command line that serves one deployable."""
    server = (sys.executable, "-m", "uvicorn", "--factory", deployable.factory)
    quiet = ("--no-access-log", "--no-server-header", "--log-level", "warning")
    return (*server, "--host", host, "--port", str(port), *quiet, "--timeout-graceful-shutdown", "5")


def programs_of(home: Home, addresses: Addresses) -> tuple[Program, ...]:
    """Return the five processes of the mesh in `home`."""
    return tuple(
        Program(
            name=deployable.name,
            command=command_of(deployable, host="127.0.0.1", port=addresses.port(deployable)),
            environment=process_environment() | settings_of(home, deployable, addresses),
            log=home.log_file(deployable),
            url=addresses.url(deployable),
        )
        for deployable in DEPLOYABLES
    )


def process_environment() -> dict[str, str]:
    """Return the caller's environment without any `MESH_*`, importing from this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MESH_")}
    return kept | {"PYTHONPATH": str(CHECKOUT)}


def become(home: Home, deployable: Deployable, addresses: Addresses, *, host: str, port: int) -> NoReturn:
    """Replace this process by one deployable. Settings given in the environment win over those of the home."""
    given = {name: value for name, value in os.environ.items() if name.startswith("MESH_") and name != "MESH_HOME"}
    environment = process_environment() | settings_of(home, deployable, addresses) | given
    command = command_of(deployable, host=host, port=port)
    os.chdir(CHECKOUT)
    os.execve(command[0], command, environment)  # noqa: S606  # our own interpreter, no shell
