"""A server imports what it serves with, and nothing that only others need: memory and a start that stay small."""

import subprocess
import sys

import pytest

from mesh.roster import AGENCIES, GATEWAY
from shared.web.server import LEFT_OUT
from tests.support.checkout import ROOT

pytestmark = pytest.mark.slow

#: What a server on SQLite without broker, provider and collector has no use for before somebody asks for it.
NOT_AT_START = {
    "alembic": "the tables are brought forward by whoever finds them behind",
    "authlib": "a provider to sign in with",
    "holidays": "a limit that is counted in days",
    "joserfc": "a provider to sign in with",
    "matplotlib": "plots are the benchmark's",
    "mesh": "the command line",
    "nats": "a message broker",
    "opentelemetry.exporter": "a collector of traces",
    "opentelemetry.sdk": "a collector of traces",
    "psycopg": "PostgreSQL",
    "pyrage": "copies of a home",
    "segno": "a telephone that gets its secret",
    "typer": "the command line",
}
_TOLD = """
import sys
from shared.web import server
server.prepare()
import uvicorn.main
import {module}
from shared.sop.loader import load_sop
load_sop()
print(*(name for name, module in sys.modules.items() if module is not None))
"""


@pytest.fixture(scope="module", params=[GATEWAY, AGENCIES[0]], ids=lambda deployable: deployable.name)
def imported(request: pytest.FixtureRequest) -> frozenset[str]:
    """The modules of a server's process when its deployable has been imported, and has read the procedure."""
    told = _TOLD.format(module=request.param.factory.partition(":")[0])
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    return frozenset(done.stdout.split())


def test_a_server_imports_nothing_that_it_serves_without(imported: frozenset[str]) -> None:
    roots = imported | {".".join(name.split(".")[:2]) for name in imported} | {name.split(".")[0] for name in imported}
    assert not roots & {*NOT_AT_START, *LEFT_OUT}
    assert "fastapi" in imported


def test_what_is_left_out_of_a_server_is_not_asked_for_by_our_own_code() -> None:
    told = "import sys, shared.web.server as s; s.leave_out(); import httpx, structlog, sqlalchemy, uvicorn.config"
    subprocess.run([sys.executable, "-c", told], cwd=ROOT, check=True)
