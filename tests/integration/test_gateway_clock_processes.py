"""Two real processes on one database, one of them killed as it begins: each deadline is fired once all the same."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import IO

import pytest

from gateway.adapters.tables import LEDGER_ENTRIES, MESSAGES
from shared.kernel.clock import to_wire
from tests.support.agency import a_grant
from tests.support.checkout import ROOT
from tests.support.mesh import HEALTH, SOCIAL, Mesh, keys_of
from tests.support.ticking import a_ticker

pytestmark = pytest.mark.slow
REFERRALS = 40


def start(mesh: Mesh) -> "subprocess.Popen[str]":
    """Start a process that looks at the clocks when it is told the time."""
    settings = mesh.settings
    if not settings.key_file.exists():
        keys_of("gateway").save(settings.key_file, settings.key_passphrase.get_secret_value())
    environment = {
        **os.environ,
        "MESH_DATABASE_URL": settings.database_url,
        "MESH_PUBLIC_URL": settings.public_url,
        "MESH_KEY_FILE": str(settings.key_file),
        "MESH_KEY_PASSPHRASE": settings.key_passphrase.get_secret_value(),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.tick_when_told"],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


async def told(process: "subprocess.Popen[str]") -> str:
    """The next line that a process says."""
    return (await asyncio.to_thread(pipe(process.stdout).readline)).strip()


@asynccontextmanager
async def two_processes(mesh: Mesh) -> AsyncIterator[list["subprocess.Popen[str]"]]:
    processes = [start(mesh), start(mesh)]
    try:
        assert [await told(process) for process in processes] == ["ready", "ready"]
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


async def overdue_referrals(mesh: Mesh) -> set[str]:
    """Referrals whose time to acknowledge has just passed."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = [await mesh[HEALTH].refer(SOCIAL, consent) for _ in range(REFERRALS)]
    assert {one.answer.status_code for one in sent} == {202}
    mesh.advance(timedelta(minutes=16))
    return {one.id for one in sent}


def look(mesh: Mesh, processes: Sequence["subprocess.Popen[str]"]) -> None:
    """Let processes look at the clocks at the mesh's time, all at once."""
    for process in processes:
        pipe(process.stdin).write(to_wire(mesh.clock.now()) + "\n")
        pipe(process.stdin).flush()


async def assert_fired_once(mesh: Mesh, due: set[str]) -> None:
    """Each deadline is in the ledger once, both parties were told once, and nothing is left for a third process."""
    async with a_ticker(mesh) as ticker:
        assert await ticker.look() == 0
    entries, messages = [
        [row for row in mesh.rows(one) if row["referral_id"] in due] for one in (LEDGER_ENTRIES, MESSAGES)
    ]
    fired = Counter(row["referral_id"] for row in entries if row["kind"] == "clock")
    assert fired == dict.fromkeys(due, 1)
    notices = Counter(row["recipient"] for row in messages if row["kind"] == "notice")
    assert notices == {HEALTH: len(due), SOCIAL: len(due)}


async def test_two_processes_on_one_database_fire_each_deadline_once(mesh: Mesh) -> None:
    first = await overdue_referrals(mesh)
    async with two_processes(mesh) as processes:
        look(mesh, processes)
        assert sum([int(await told(process)) for process in processes]) == REFERRALS
        await assert_fired_once(mesh, first)
        second = await overdue_referrals(mesh)  # and the first are late with more by now
        look(mesh, processes)
        processes[0].kill()
        assert int(await told(processes[1])) >= 0
    await assert_fired_once(mesh, second)
