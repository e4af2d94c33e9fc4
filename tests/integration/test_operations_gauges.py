"""What operators watch is there, and moves."""

import math
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from shared.web.factory import MeshApp
from tests.support.agency_services import World, a_consent, a_referral, world

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("gauges"), "health", enrolled=("social",)) as made:
        yield made


async def values(app: MeshApp) -> dict[str, float]:
    """The gauges that an application shows now."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://metrics.test") as http:
        text = (await http.get("/metrics")).text
    return {name: float(value) for name, value in re.findall(r"^(mesh_\w+) (\S+)$", text, re.MULTILINE)}


async def test_the_gateway_counts_what_waits_for_an_agency_that_is_away(mesh: World) -> None:
    before = await values(mesh.gateway)
    consent = (await mesh["health"].done("/v1/consents", a_consent()))["consent"]
    await mesh["health"].done("/v1/referrals", a_referral(consent))
    after = await values(mesh.gateway)
    assert after["mesh_messages_waiting"] == before["mesh_messages_waiting"] + 1
    assert after["mesh_ledger_entries"] == before["mesh_ledger_entries"] + 2
    assert after["mesh_agencies_active"] == 2


async def test_an_agency_counts_what_waits_for_a_gateway_that_is_away(mesh: World) -> None:
    mesh.wire.cut = True
    try:
        await mesh["health"].post("/v1/consents", a_consent())
        now = await values(mesh.services["health"].app)
    finally:
        mesh.wire.mend()
    assert now["mesh_letters_waiting"] == 1
    assert now["mesh_letter_oldest_waiting_seconds"] >= 0


async def test_a_gauge_that_cannot_be_read_has_no_number_and_the_rest_is_answered(mesh: World) -> None:
    app = mesh.services["health"].app
    await mesh.stop("health")
    try:
        assert all(math.isnan(value) for value in (await values(app)).values())
    finally:
        await mesh.start("health")
