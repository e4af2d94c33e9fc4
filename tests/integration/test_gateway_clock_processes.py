"""Two real processes on one database, one of them killed as it begins: each deadline is fired once all the same."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
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
    """Start a process that is ready to look at the clocks at the mesh's time."""
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
        [sys.executable, "-m", "tests.support.tick_once", to_wire(mesh.clock.now())],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


async def overdue_referrals(mesh: Mesh) -> set[str]:
    """Referrals whose time to acknowledge has just passed."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = [await mesh[HEALTH].refer(SOCIAL, consent) for _ in range(REFERRALS)]
    assert {one.answer.status_code for one in sent} == {202}
    mesh.advance(timedelta(minutes=16))
    return {one.id for one in sent}


def fired(mesh: Mesh) -> Counter[str]:
    return Counter(row["referral_id"] for row in mesh.rows(LEDGER_ENTRIES) if row["kind"] == "clock")


@pytest.mark.parametrize("killed", [False, True], ids=["both live", "one is killed"])
async def test_two_processes_on_one_database_fire_each_deadline_once(mesh: Mesh, *, killed: bool) -> None:
    due = await overdue_referrals(mesh)
    processes = [start(mesh), start(mesh)]
    try:
        for process in processes:
            assert await asyncio.to_thread(pipe(process.stdout).readline) == "ready\n"
        for process in processes:
            pipe(process.stdin).write("\n")
            pipe(process.stdin).flush()
        if killed:
            processes[0].kill()
        said = [await asyncio.to_thread(process.communicate) for process in processes[killed:]]
        if not killed:
            assert sum(int(out) for out, _ in said) == REFERRALS
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    async with a_ticker(mesh) as ticker:
        assert await ticker.look() == 0
    assert fired(mesh) == dict.fromkeys(due, 1)
    notices = Counter(row["recipient"] for row in mesh.rows(MESSAGES) if row["kind"] == "notice")
    assert notices == {HEALTH: REFERRALS, SOCIAL: REFERRALS}
