"""The import contracts hold, and each of them notices the mistake it is there for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import ROOMS, ROOT

LINT = ("-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache", "--no-logo")

MISTAKES = [
    pytest.param("deployables", "services/social/main.py", "import gateway.domain", id="an-agency-imports-the-gateway"),
    pytest.param("deployables", "shared/kernel/clock.py", "import mesh", id="shared-imports-the-command-line"),
    pytest.param("roster", "services/police/profile.py", "import services.health.profile", id="agencies-meet"),
    pytest.param("roster", "services/common/__init__.py", "", id="a-drawer-beside-the-agencies"),
    pytest.param("agency-rooms", "services/health/helpers.py", "", id="a-drawer-in-an-agency"),
    pytest.param("gateway-rooms", "gateway/application/__init__.py", "import gateway.adapters", id="inside-out"),
    pytest.param("gateway-rooms", "gateway/helpers.py", "", id="a-drawer-in-the-gateway"),
    pytest.param("shared-rooms", "shared/kernel/clock.py", "import shared.sop.model", id="kernel-looks-up"),
    pytest.param("shared-rooms", "shared/utils/__init__.py", "", id="a-drawer-in-shared"),
    pytest.param("pure-core", "shared/consent/__init__.py", "import pydantic", id="a-framework-in-the-rules"),
    pytest.param("pure-core", "gateway/domain/__init__.py", "import shared.wire.messages", id="a-framework-by-detour"),
    pytest.param("one-door-jose", "gateway/web/__init__.py", "from jose import jws", id="a-second-door-to-jose"),
    pytest.param("one-door-httpx", "shared/agency/__init__.py", "import httpx", id="a-second-door-to-httpx"),
    pytest.param("one-door-nats", "gateway/adapters/__init__.py", "import nats", id="a-second-door-to-the-broker"),
    pytest.param("one-door-sql", "gateway/web/__init__.py", "import sqlalchemy", id="sql-in-a-route"),
    pytest.param("chassis", "gateway/web/__init__.py", "import shared.agency", id="the-gateway-on-the-chassis"),
]


def lint(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *LINT, *options], cwd=tree, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the rooms that can be spoiled."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_holds() -> None:
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(("contract", "path", "statement"), MISTAKES)
def test_mistake_breaks_its_contract(tree: Path, contract: str, path: str, statement: str) -> None:
    spoiled = tree / path
    spoiled.parent.mkdir(exist_ok=True)
    before = spoiled.read_text() if spoiled.exists() else ""
    spoiled.write_text(f"{before}\n{statement}\n")
    outcome = lint(tree, "--contract", contract)
    assert outcome.returncode == 1, outcome.stdout
    assert "BROKEN" in outcome.stdout, outcome.stdout
