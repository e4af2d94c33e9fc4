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


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep tests together that share what is slow to start."""
    from tests.support.spreading import Spreading

    return Spreading(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
