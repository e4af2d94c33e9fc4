"""Start the real thing from outside, through its command line alone, and enrol agencies as an operator would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.outside.keys import Json
from tests.support.nursery import run_command
from tests.support.ports import free_ports

CHECKOUT = Path(__file__).resolve().parents[3]


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MESH_")}
    return {**kept, **(extra or {})}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "mesh", *words]


def mesh(*words: str, quick_passwords: bool = False) -> str:
    """Run one command of the command line to its end; what it printed."""
    done = run_command(*words, environment=clean_environment(), within=60, quick_passwords=quick_passwords)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Running:
    """A process that was started, where it lives and where it answers."""

    def __init__(self, words: list[str], *, home: Path, url: str, extra: Mapping[str, str] | None = None) -> None:
        self.home, self.url = home, url
        self.log = home.parent / f"{home.name}.log"
        with self.log.open("ab") as sink:
            self._process = subprocess.Popen(
                command(*words), cwd=CHECKOUT, env=clean_environment(extra), stdout=sink, stderr=sink
            )

    def wait(self, urls: list[str], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        with httpx.Client(timeout=2) as http:
            for url in urls:
                while not _ready(http, url):
                    assert self._process.poll() is None, self.log.read_text()
                    assert time.monotonic() < deadline, f"{url} is not ready: {self.log.read_text()}"
                    time.sleep(0.1)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def credentials(self) -> Json:
        found: Json = json.loads((self.home / "credentials.json").read_text())
        return found

    @property
    def vkey(self) -> str:
        return (self.home / "ledger.vkey").read_text().strip()


def _ready(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def start_gateway(home: Path) -> Running:
    """Provision a home and serve the gateway alone; nobody signs in there."""
    port = free_ports()
    mesh("provision", "--home", str(home), "--urls", f"http://127.0.0.1:{port}", quick_passwords=True)
    return serve_gateway(home, port=port)


def serve_gateway(home: Path, *, port: int, extra: Mapping[str, str] | None = None) -> Running:
    """Serve the gateway of a home that is provisioned, also beside others that serve it."""
    url, folder = f"http://127.0.0.1:{port}", home / "gateway"
    settings = {
        "MESH_DATABASE_URL": f"sqlite:///{folder / 'data.sqlite'}",
        "MESH_PUBLIC_URL": url,
        "MESH_KEY_FILE": str(folder / "keys.json"),
        "MESH_SECRETS_DIR": str(folder / "secrets"),
        **(extra or {}),
    }
    words = ["serve", "gateway", "--host", "127.0.0.1", "--port", str(port)]
    running = Running(words, home=home, url=url, extra=settings)
    running.wait([url])
    return running


def start_mesh(home: Path) -> Running:
    """`mesh up`: the gateway and the four agency services, in a home that is provisioned."""
    port = free_ports(5)
    running = Running(
        ["up", "--home", str(home), "--port-base", str(port), "--quiet"], home=home, url=f"http://127.0.0.1:{port}"
    )
    running.wait([f"http://127.0.0.1:{port + offset}" for offset in range(5)])
    return running


def enrol(home: Path, agency_id: str, *, sector: str, jwks: Json, **over: Any) -> str:
    """Enrol an agency of Thanh Hoa; its webhook secret."""
    return secret_of(json.loads(mesh(*enrolment(home, agency_id, sector=sector, jwks=jwks, **over))), agency_id)


def secret_of(answer: Json, agency_id: str) -> str:
    """The webhook secret that was told when an agency was enrolled."""
    assert answer["id"] == agency_id
    return str(answer["webhook_secret"])


def enrolment(
    home: Path, agency_id: str, *, sector: str, jwks: Json, base_url: str | None = None, **over: Any
) -> list[str]:
    """The command that enrols an agency of Thanh Hoa."""
    file = home.parent / f"{agency_id}.jwks.json"
    file.write_text(json.dumps(jwks))
    words = ["agencies", "enroll", "--home", str(home), "--id", agency_id, "--name", agency_id, "--jwks", str(file)]
    words += ["--sector", sector]
    for area in over.get("areas", ["38"]):
        words += ["--area", area]
    if base_url:
        words += ["--base-url", base_url]
    return words
