"""How each deployable is started: its command line and its environment (`MESH_*`).

A process sees only its own secrets, and reads them from their files: its environment names the folder. Settings of the
caller's environment that belong to a deployable (logs, traces) are passed on; everything that `mesh` decides itself
wins over them.
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from mesh.home import DATABASE_URL, SECRETS, Home, read_secrets
from mesh.roster import DEPLOYABLES, GATEWAY, Addresses, AgencyService, Deployable
from shared.pages.settings import SECRETS_DIR

CHECKOUT: Final = Path(__file__).resolve().parent.parent
LOOK_AGAIN: Final = 0.5
#: Everything is on one machine here, the partner systems as well.
LOOPBACK: Final = "127.0.0.0/8,::1/128"
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
    """Return the `MESH_*` settings of one deployable; its secrets are in the files of `MESH_SECRETS_DIR`."""
    settings = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    settings |= {
        DATABASE_URL: home.database_url(deployable),
        "MESH_PUBLIC_URL": addresses.url(deployable),
        "MESH_KEY_FILE": str(home.key_file(deployable)),
        "MESH_LEDGER_POLICY": str(home.policy_file(deployable)),
        SECRETS_DIR: str(home.secrets_folder(deployable)),
    }
    if isinstance(deployable, AgencyService):
        settings |= {
            "MESH_AGENCY_ID": deployable.agency_id,
            "MESH_GATEWAY_URL": addresses.url(GATEWAY),
            "MESH_WEBHOOK_NETWORKS": LOOPBACK,
        }
    secret = home.secrets(deployable).keys()
    return {name: value for name, value in settings.items() if name not in secret}


def command_of(deployable: Deployable, *, host: str, port: int) -> tuple[str, ...]:
    """Return the command line that serves one deployable."""
    server = (sys.executable, "-m", "shared.web.server", "--factory", deployable.factory)
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


def given_settings() -> dict[str, str]:
    """Return the `MESH_*` settings that the caller gives: of the environment, and of the folder of secrets it names."""
    stated = {name: value for name, value in os.environ.items() if name.startswith("MESH_") and name != "MESH_HOME"}
    folder = stated.get(SECRETS_DIR)
    return (read_secrets(Path(folder).glob(SECRETS)) if folder else {}) | stated


def become(deployable: Deployable, *, host: str, port: int) -> NoReturn:
    """Replace this process by one deployable, which takes its settings from the environment.

    Waits for its key file: whoever makes the secrets of a deployable writes that last.
    """
    key_file = Path(os.environ.get("MESH_KEY_FILE", os.devnull))
    while not key_file.exists():
        time.sleep(LOOK_AGAIN)
    command = command_of(deployable, host=host, port=port)
    os.chdir(CHECKOUT)
    os.execve(command[0], command, os.environ | {"PYTHONPATH": str(CHECKOUT)})  # noqa: S606  # our own interpreter
