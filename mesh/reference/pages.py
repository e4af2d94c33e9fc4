"""Which pages there are; writing them, and telling which of the written ones are out of date."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from mesh.programs import CHECKOUT
from mesh.reference import configuration, errors, http_api, lifecycle, procedure, rules

FOLDER: Final = CHECKOUT / "docs" / "reference"

Pages = Mapping[str, Callable[[], str]]

PAGES: Final[Pages] = {
    "configuration.md": configuration.render,
    "errors.md": errors.render,
    "http-api.md": http_api.render,
    "lifecycle.md": lifecycle.render,
    "procedure.md": procedure.render,
    "rules.md": rules.render,
}


def write(folder: Path = FOLDER, *, pages: Pages = PAGES) -> list[Path]:
    """Write every page and return those that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = dict(drift(folder, pages))
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    return list(changed)


def outdated(folder: Path = FOLDER, *, pages: Pages = PAGES) -> list[Path]:
    """Return the pages that are missing or differ from what the code says."""
    return [path for path, _ in drift(folder, pages)]


def drift(folder: Path, pages: Pages) -> Iterator[tuple[Path, str]]:
    """Yield each page that is missing or differs, with what it should say."""
    for name, render in pages.items():
        path, text = folder / name, render()
        if content(path) != text:
            yield path, text


def content(path: Path) -> str | None:
    """Return what a file holds, or None when it is not there."""
    return path.read_text(encoding="utf-8") if path.exists() else None
