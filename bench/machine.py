"""What the figures were taken on: without it a rate says nothing."""

import os
import platform
import sqlite3
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from bench.processes import OPTIONS

_LIBRARIES = ("uvicorn", "uvloop", "httptools", "fastapi", "starlette", "sqlalchemy", "psycopg", "cryptography")


def facts(postgres: Path | None) -> dict[str, object]:
    """Return processor, memory, system, versions and server options."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load_before": load(),
        "commit": _commit(),
        "durable_write_micros": round(durable_write_micros(), 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgres_version(postgres),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "server_options": OPTIONS,
    }


def load() -> list[float]:
    """Return how many processes wanted a core, over the last minute, five and fifteen."""
    return [round(one, 2) for one in os.getloadavg()]


def durable_write_micros(times: int = 200) -> float:
    """Return how long it takes, as a median, until 4 KB are on the disk: what every commit waits for."""
    waits = []
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            started = time.perf_counter()
            os.write(file.fileno(), b"x" * 4096)
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - started)
    return statistics.median(waits) * 1e6


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _commit() -> str | None:
    """Return which commit is checked out, and whether anything was changed since; None outside a checkout."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return said.stdout.strip() or None


def _postgres_version(programs: Path | None) -> str | None:
    if programs is None:
        return None
    return subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
