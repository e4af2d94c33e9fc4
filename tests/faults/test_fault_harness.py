"""The fault harness catches a planted bug with real processes, in the smallest round that shows it."""

import asyncio
from pathlib import Path

import pytest

from bench.faults.engines import engine
from bench.faults.findings import DUPLICATED
from bench.faults.round import Wanted, play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_a_service_that_forgets_its_idempotency_keys_is_caught(tmp_path: Path) -> None:
    wanted = Wanted(seed=1, engine="sqlite", faults=60, seconds=30, plant="no-idempotency", hurts=False)
    with engine(wanted.engine, tmp_path) as database:
        result = asyncio.run(play(wanted, database, tmp_path))
    assert result.verdict[DUPLICATED] > 0
    assert sum(result.faults.values()) >= wanted.faults
