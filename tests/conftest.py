"""Fixtures for every test, which wire nothing by themselves; and how a run is spread over the machine."""

import os

import hypothesis
import pytest

from tests.support.postgres import database_url, postgres_server, postgres_url, sqlite_url

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_url"]

# How long one example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("patient", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_xdist_auto_num_workers() -> int:
    """One more worker than there are processors: many tests wait for a process, a disk or a clock."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares processes that are slow to start, and begin with that."""
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group(_company(item.path.stem)))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _company(module: str) -> str:
    """Those who look from outside share one gateway and one mesh; each of the others starts its own."""
    return "outside" if module.startswith("test_outside") else module
