"""A home as the first start of a mesh leaves it, made once for all processes of a run, and copied.

Its people sign in at once, and `up` tells it where it runs. That a first start makes one by itself, from nothing, is
held by test_whole_mesh.
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mesh.home import Home
from mesh.programs import process_environment
from tests.support.nursery import run_command

__all__ = ["copied_home"]


@pytest.fixture(scope="session")
def copied_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Copies a home to where there is none; whichever process asks first makes the one that is copied."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with (place / "blank-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if Home(place / "blank-home").credentials() is None:
            _make(place / "blank-home")
    return partial(shutil.copytree, place / "blank-home")


def _make(folder: Path) -> None:
    words = ("provision", "--home", str(folder), "--urls", "http://127.0.0.1:{port}")
    outcome = run_command(*words, environment=process_environment(), quick_passwords=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
