"""Which pages there are; writing them, and telling which of the written ones are out of date."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from mesh.programs import CHECKOUT
from mesh.reference import configuration, errors, lifecycle, procedure

FOLDER: Final = CHECKOUT / "docs" / "reference"

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "configuration.md": configuration.render,
    "errors.md": errors.render,
    "lifecycle.md": lifecycle.render,
    "procedure.md": procedure.render,
}


def write(folder: Path = FOLDER) -> list[Path]:
    """Write every page and return those that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = outdated(folder)
    for path in changed:
        path.write_text(PAGES[path.name](), encoding="utf-8")
    return changed


def outdated(folder: Path = FOLDER) -> list[Path]:
    """Return the pages that are missing or differ from what the code says."""
    return [folder / name for name, render in PAGES.items() if content(folder / name) != render()]


def content(path: Path) -> str | None:
    """Return what a file holds, or None when it is not there."""
    return path.read_text(encoding="utf-8") if path.exists() else None
