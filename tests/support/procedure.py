"""The procedure's data in a folder of its own, to be changed by a test."""

import shutil
from pathlib import Path

import pytest

from shared.sop.loader import DATA


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the procedure's data."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def change(folder: Path, name: str, old: str, new: str) -> None:
    """Put one text in the place of another, once, in a file that holds it."""
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
