"""Fixtures for every test, which wire nothing by themselves; and how a run is spread over the machine."""

import gc
import os
from pathlib import Path

import hypothesis
import pytest
from fastapi.dependencies.models import (
    _is_async_gen_callable_cached,
    _is_coroutine_callable_cached,
    _is_gen_callable_cached,
)

from tests.support.blank_homes import copied_home
from tests.support.broker import broker, nats_program, nats_servers
from tests.support.postgres import database_url, memory, postgres_server, postgres_url, sqlite_url
from tests.support.remembered_routes import remember_routes
from tests.support.remembered_templates import remember_templates
from tests.support.spreading import Spreading, turn

__all__ = [
    "broker", "copied_home", "database_url", "nats_program", "nats_servers", "postgres_server", "postgres_url",
    "sqlite_url",
]  # fmt: skip

TESTS = Path(__file__).parent
#: The folders of tests that need no whole gateway.
QUICK = frozenset({"architecture", "properties", "rules", "unit"})

# How long one example takes, to make or to try, says how busy the machine is, and nothing of the code.
UNHURRIED = hypothesis.settings(
    hypothesis.settings.default, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
# A property is tried anew at every run, and what once failed is kept and tried first: many runs find what one does not.
hypothesis.settings.register_profile("patient", UNHURRIED, max_examples=40)
hypothesis.settings.register_profile("quick", UNHURRIED, max_examples=8)
hypothesis.settings.register_profile("deep", UNHURRIED, max_examples=2000)
hypothesis.settings.load_profile("patient")

remember_routes()
remember_templates()

# A commit waits for the disk. No test pulls the plug: what a killed process has written stays, in memory as well.
if (_folder := memory()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_folder))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more workers than there are processors: many tests wait for a process, a disk or a clock.

    What is not slow waits for nothing, and each worker takes seconds to find its tests.
    """
    waiting = 0 if config.option.markexpr == "not slow" else 2
    return (os.cpu_count() or 1) + waiting


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep tests together that share what is slow to start."""
    return Spreading(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Refuse parameters that stand in no order: every process of a run has to collect the same tests."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        if any(isinstance(values, set | frozenset) for values in (*mark.args[1:2], mark.kwargs.get("argvalues"))):
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: parameters in a set stand in no order; sort them.")


def pytest_collection() -> None:
    """Look for no garbage while tests are collected: all of it stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave all there is out of every later search for garbage: what was collected stays for the whole run."""
    gc.freeze()
    gc.enable()


def pytest_runtest_teardown() -> None:
    """Let go of the applications that a test made: FastAPI remembers their callables, and all that is behind them."""
    for remembered in (_is_gen_callable_cached, _is_async_gen_callable_cached, _is_coroutine_callable_cached):
        remembered.cache_clear()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process is left with it at the end; whole gateways are never quick."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] not in QUICK:
            item.add_marker("slow")
    items.sort(key=lambda item: (turn(item.nodeid), item.get_closest_marker("slow") is None))
