"""In continuous integration a skipped test fails the run; on a laptop it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.no_skips import is_ci

pytestmark = pytest.mark.slow

SKIPPING = "import pytest\n\ndef test_a(): pass\n\ndef test_b(): pytest.skip('no database here')\n"
XFAILING = "import pytest\n\n@pytest.mark.xfail\ndef test_a(): assert False\n"
SKIPPING_MODULE = "import pytest\n\npytest.skip('not on this machine', allow_module_level=True)\n"


PYTEST = (
    *(sys.executable, "-m", "pytest", "-c", os.devnull),
    *("-p", "xdist", "-p", "tests.support.no_skips", "-p", "no:cacheprovider"),
)
#: Only what is named above is loaded: the rest takes longer than the run.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def run(folder: Path, content: str, *options: str, ci: str) -> subprocess.CompletedProcess[str]:
    sample = folder / "test_sample.py"
    sample.write_text(content)
    environment = {**os.environ, **ALONE, "CI": ci, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*PYTEST, *options, str(sample)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("content", [SKIPPING, SKIPPING_MODULE + SKIPPING])
@pytest.mark.parametrize("processes", ["0", "2"])
def test_skip_fails_the_run_where_ci_is_set(tmp_path: Path, content: str, processes: str) -> None:
    outcome = run(tmp_path, content, "-n", processes, ci="true")
    assert outcome.returncode != 0
    assert "skipped, and CI allows no skip" in outcome.stdout


def test_skip_is_allowed_where_ci_is_not_set(tmp_path: Path) -> None:
    assert run(tmp_path, SKIPPING, ci="").returncode == 0


def test_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert run(tmp_path, XFAILING, ci="true").returncode == 0


@pytest.mark.parametrize("value", ["true", "1"])
def test_ci_is_set(value: str) -> None:
    assert is_ci({"CI": value})


@pytest.mark.parametrize("value", ["", "0", "false", "no"])
def test_ci_is_not_set(value: str) -> None:
    assert not is_ci({"CI": value})
