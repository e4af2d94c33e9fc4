"""The checkout as data: its root, the files it tracks and the modules of its rooms."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("shared", "gateway", "services", "mesh", "bench")

# Whoever runs the tests may not be who owns the checkout.
GIT = ("git", "-c", "safe.directory=*", "ls-files", "-z")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file under version control that is still there, relative to the root."""
    listed = subprocess.run(GIT, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file())


def python_files(*roots: str) -> Iterator[Path]:
    """The tracked Python modules below any of `roots`, relative to the checkout."""
    return (path for path in tracked_files() if path.suffix == ".py" and path.parts[0] in roots)


def texts() -> Iterator[tuple[Path, str]]:
    """Every tracked file that is text, with its content."""
    for path in tracked_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8", errors="replace")
