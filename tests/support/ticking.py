"""Tickers beside a gateway, as its replicas would run them, and what the ledger and the inboxes say they did."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.adapters.bell import Bell
from gateway.adapters.core import Core
from gateway.adapters.duties import clocks
from gateway.adapters.tables import LEDGER_ENTRIES, REFERRALS
from gateway.adapters.watch import Watch
from gateway.bootstrap import open_core, open_watch
from shared.kernel.clock import ManualClock, from_wire
from shared.wire.messages import parse_notice
from tests.support.agency import Agency, Sent
from tests.support.mesh import Mesh, keys_of


def beside(mesh: Mesh) -> Core:
    """The core of another process on the same database: its own connections, its own writer."""
    return open_core(mesh.settings, clock=mesh.clock, keys=keys_of("gateway"))


@asynccontextmanager
async def a_ticker(mesh: Mesh) -> AsyncIterator[Watch]:
    """A ticker that is a process of its own, as far as the database can tell."""
    core = beside(mesh)
    try:
        yield open_watch(core, clocks(core.sop), Bell())
    finally:
        core.close()


def clock_entries(mesh: Mesh, sent: Sent) -> list[str]:
    """What the ledger says the clocks of a referral have said, in its order."""
    entries = [row for row in mesh.rows(LEDGER_ENTRIES) if row["kind"] == "clock" and row["referral_id"] == sent.id]
    return [str(row["code"]) for row in sorted(entries, key=lambda row: int(row["idx"]))]


def next_moment(mesh: Mesh) -> str | None:
    """When the next clock of any referral has something to say."""
    moments = [row["next_clock_at"] for row in mesh.rows(REFERRALS) if row["next_clock_at"] is not None]
    return min(moments, default=None)


def to_next_moment(mesh: Mesh) -> bool:
    """Move the clock to the next moment, and say whether there was one."""
    assert isinstance(mesh.clock, ManualClock)
    moment = next_moment(mesh)
    if moment is None:
        return False
    mesh.clock.advance(from_wire(moment) - mesh.clock.now())
    return True


async def notices(agency: Agency, kind: str | None = None) -> list[dict[str, Any]]:
    """The notices that wait for an agency, each read as the wire contract has it; they are not settled."""
    items = [item for item in await agency.inbox() if item["kind"] == "notice"]
    for item in items:
        parse_notice(item["body"].encode())
    read = [json.loads(item["body"]) for item in items]
    return [notice for notice in read if kind in {None, notice["type"]}]


async def count_notices(agency: Agency) -> Counter[str]:
    """How many notices of each type wait for an agency."""
    return Counter(str(notice["type"]) for notice in await notices(agency))
