"""Who pushes to an agency: one process at a time, for as long as it lives, and within seconds another when it dies."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from gateway.adapters.core import Core
from gateway.adapters.routes import HELD_FOR, begin_route, claim_route, free_route, hold_route, rest_route
from tests.support.agency import Sent, a_grant
from tests.support.mesh import HEALTH, SOCIAL, Mesh
from tests.support.ticking import beside

ALMOST = HELD_FOR - timedelta(seconds=1)


@pytest.fixture
def core(mesh: Mesh) -> Iterator[Core]:
    core = beside(mesh)
    yield core
    core.close()


async def referred(mesh: Mesh) -> Sent:
    return await mesh[HEALTH].refer(SOCIAL, await mesh[HEALTH].record_consent(a_grant(SOCIAL)))


async def claimed(core: Core, holder: str) -> list[str]:
    """Return the messages that a process may push now."""
    await core.writer.submit(partial(begin_route, agency_id=SOCIAL))
    found = await core.claims.submit(partial(claim_route, agency_id=SOCIAL, holder=holder))
    assert found is not None
    return [item["message_id"] for item in found.items]


async def test_route_of_a_dead_process_is_free_within_seconds(mesh: Mesh, core: Core) -> None:
    sent = await referred(mesh)
    assert await claimed(core, "dead") == [sent.id]
    assert timedelta(seconds=10) > HELD_FOR
    mesh.advance(ALMOST)
    assert await claimed(core, "next") == []
    mesh.advance(timedelta(seconds=2))
    assert await claimed(core, "next") == [sent.id]


async def test_route_stays_with_a_process_that_goes_on_holding_it(mesh: Mesh, core: Core) -> None:
    sent = await referred(mesh)
    assert await claimed(core, "slow") == [sent.id]
    for _ in range(3):
        mesh.advance(ALMOST)
        await core.claims.submit(partial(hold_route, agency_id=SOCIAL, holder="slow"))
        assert await claimed(core, "next") == []


async def test_route_that_was_given_back_or_lost_is_not_taken_back_by_holding(mesh: Mesh, core: Core) -> None:
    sent = await referred(mesh)
    await claimed(core, "slow")
    await core.claims.submit(partial(free_route, agency_id=SOCIAL, holder="slow", waits={}))
    await core.claims.submit(partial(hold_route, agency_id=SOCIAL, holder="slow"))
    assert await claimed(core, "next") == [sent.id]
    await core.claims.submit(partial(hold_route, agency_id=SOCIAL, holder="slow"))
    assert await claimed(core, "slow") == []


async def test_route_that_was_lost_is_not_given_back_by_who_lost_it(mesh: Mesh, core: Core) -> None:
    sent = await referred(mesh)
    assert await claimed(core, "slow") == [sent.id]
    mesh.advance(HELD_FOR * 2)
    assert await claimed(core, "next") == [sent.id]
    late = partial(free_route, agency_id=SOCIAL, holder="slow", waits={sent.id: 3600.0})
    await core.claims.submit(late)
    await core.claims.submit(partial(rest_route, agency_id=SOCIAL, holder="slow", wait=float))
    assert await claimed(core, "third") == []
    mesh.advance(HELD_FOR * 2)
    assert await claimed(core, "third") == [sent.id]  # nor made to wait
