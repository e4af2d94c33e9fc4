"""A clock that is wrong makes a service not ready before it makes anything late or refused; set right, it is ready."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from shared.kernel.clock import ManualClock, SystemClock, check_together
from shared.kernel.errors import PeerUnavailable
from shared.transport.peer import Peer
from shared.web.factory import MeshApp
from tests.support.agency_services import world
from tests.support.mesh import running_mesh
from tests.support.serving import serving

WRONG = timedelta(minutes=2)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def not_ready(app: MeshApp) -> str:
    """What is not ready; nothing else is told."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://any.test") as http:
        told = await http.get("/readyz")
    return "" if told.status_code == 200 else str(told.json()["detail"])


async def test_a_gateway_compares_its_clock_with_that_of_its_database(postgres_url: str, tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now())
    async with running_mesh(postgres_url, tmp_path, clock=clock) as mesh:
        assert await not_ready(mesh.app) == ""
        clock.advance(-WRONG)
        assert await not_ready(mesh.app) == "Not ready: clock."
        clock.advance(WRONG)
        assert await not_ready(mesh.app) == ""


@asynccontextmanager
async def agency_beside_a_gateway(folder: Path, clock: ManualClock) -> AsyncIterator[Callable[[], MeshApp]]:
    """A service on a clock of its own, whose gateway answers on a real line."""
    async with world(folder, "health") as made, serving(made.gateway) as url, Peer(url) as line:
        await made.stop("health")
        await made.start("health", clock=clock, gateway=line)
        yield lambda: made.services["health"].app
        await made.stop("health")  # before its line is taken away


async def test_an_agency_compares_its_clock_with_the_gateways(tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now() + WRONG)
    async with agency_beside_a_gateway(tmp_path, clock) as app:
        assert await not_ready(app()) == "Not ready: clock."
        clock.advance(-WRONG)
        assert await not_ready(app()) == ""


async def test_a_gateway_that_is_away_says_nothing_of_the_clock(tmp_path: Path) -> None:
    async with world(tmp_path, "health") as made:
        made.wire.cut = True
        assert await not_ready(made.services["health"].app) == ""


@pytest.mark.parametrize(("seconds", "agree"), [(60, True), (-60, True), (60.001, False), (-60.001, False)])
def test_clocks_may_differ_by_what_is_allowed_and_no_more(seconds: float, *, agree: bool) -> None:
    there = NOON + timedelta(seconds=seconds)
    if agree:
        check_together(NOON, there, within=60)
    else:
        with pytest.raises(PeerUnavailable, match="skewed"):
            check_together(NOON, there, within=60)
