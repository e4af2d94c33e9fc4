"""No room, or no right to write: a service refuses, says so, loses nothing, and goes on by itself once it is mended."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url, text

from gateway.adapters.tables import MESSAGES
from mesh.revisions import ROOMS
from shared.kernel.errors import PeerUnavailable
from shared.storage.engine import open_engine
from shared.storage.history import migrate
from shared.storage.probe import check_writable
from shared.web.factory import MeshApp
from tests.support.agency import a_grant
from tests.support.agency_services import a_referral as asked
from tests.support.agency_services import consented, referred, world
from tests.support.failing_disk import Files, no_file_grows, read_only
from tests.support.mesh import HEALTH, SOCIAL, enrol_all, running_mesh, settings_for
from tests.support.postgres import PostgresServer, numbered

Trouble = Callable[[], AbstractContextManager[None]]
TRIES = 40


async def readiness(app: MeshApp) -> tuple[int, str]:
    """What /readyz says, and what the metrics say of it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://any.test") as http:
        told = await http.get("/readyz")
        metrics = (await http.get("/metrics")).text
    red = re.findall(r'^mesh_ready{check="(\w+)"} 0\.0$', metrics, re.MULTILINE)
    return told.status_code, " ".join(red)


async def is_green(app: MeshApp) -> None:
    async with asyncio.timeout(30):
        while (await readiness(app))[0] != 200:
            await asyncio.sleep(0.05)


@pytest.fixture(params=["full", "no growth", "read only"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Trouble, str, bool]]:
    """A database's address, what happens to it, the code it is refused with, and whether readiness can tell."""
    if request.param == "read only":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = numbered("readonly")
        server.create(name)
        yield server.url(name), lambda: read_only(server, name), "storage.not-writable", True
        server.drop(name)
        return
    path = tmp_path / "records.db"
    if request.param == "no growth":
        yield f"sqlite:///{path}", lambda: no_file_grows(path), "storage.not-writable", True
        return
    with Files().watched() as files:
        yield f"sqlite:///{path}", files.full, "storage.full", False


async def test_a_gateway_that_cannot_record_refuses_and_has_everything_it_acknowledged(
    place: tuple[str, Trouble, str, bool], tmp_path: Path
) -> None:
    url, trouble, code, shows = place
    enrolled = enrol_all(settings_for(url, tmp_path), {})
    async with running_mesh(url, tmp_path, secrets=enrolled, delivery_enabled=True, clocks_enabled=True) as mesh:
        health, acknowledged = mesh[HEALTH], []
        await health.token()
        with trouble():
            for _ in range(TRIES):
                message = health.consent_message(a_grant(SOCIAL))
                answer = await health.post("/v1/consents", message)
                if answer.status_code == 201:
                    acknowledged.append(message["id"])
                elif answer.json()["code"] == code:
                    break
            assert (answer.status_code, answer.json()["code"]) == (503, code)
            assert int(answer.headers["Retry-After"]) >= 1
            if shows:
                assert await readiness(mesh.app) == (503, "ledger")
        again = await health.post("/v1/consents", message)
        assert again.status_code == 201, again.text
        await is_green(mesh.app)
        await health.refer(SOCIAL, await health.record_consent(a_grant(SOCIAL)))
        assert len(await mesh[SOCIAL].take_in()) == 1
        kept = {row["message_id"] for row in mesh.rows(MESSAGES)}
        assert kept >= {*acknowledged, message["id"]}


async def test_an_agency_that_cannot_record_refuses_and_sends_everything_it_acknowledged(
    place: tuple[str, Trouble, str, bool], tmp_path: Path
) -> None:
    url, trouble, code, shows = place
    databases = {"health": url}
    given = lambda name: databases.get(name, f"sqlite:///{tmp_path / name}.other")  # noqa: E731
    async with world(tmp_path, "health", "social", database_url=given) as mesh:
        health, acknowledged = mesh["health"], []
        consent = await consented(health)
        with trouble():
            for _ in range(TRIES):
                answer = await health.post("/v1/referrals", asked(consent))
                if answer.status_code == 202:
                    acknowledged.append(answer.json()["referral"]["referral_id"])
                elif answer.json()["code"] == code:
                    break
            assert (answer.status_code, answer.json()["code"]) == (503, code)
            assert int(answer.headers["Retry-After"]) >= 1
            if shows:
                assert await readiness(mesh.services["health"].app) == (503, "database")
        await is_green(mesh.services["health"].app)
        acknowledged.append(await referred(health, consent))
        for referral_id in acknowledged:
            await mesh["social"].until(referral_id, lambda seen: True)


def test_an_account_that_lost_a_right_is_found_out(postgres_server: PostgresServer, postgres_url: str) -> None:
    owner, role = open_engine(postgres_url), numbered("runtime")
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
    migrate(owner, *ROOMS["gateway"], runtime_role=role)
    runtime = open_engine(str(make_url(postgres_url).set(username=role)))
    try:
        for order, is_well in (("", True), ("REVOKE INSERT ON {}", False), ("GRANT INSERT ON {}", True)):
            if order:
                with owner.begin() as connection:
                    way = "TO" if order.startswith("GRANT") else "FROM"
                    connection.execute(text(f"{order.format('ledger_entries')} {way} {role}"))
            with runtime.begin() as connection:
                if is_well:
                    check_writable(connection, ROOMS["gateway"])
                else:
                    with pytest.raises(PeerUnavailable, match="not-writable"):
                        check_writable(connection, ROOMS["gateway"])
    finally:
        runtime.dispose()
        with owner.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        owner.dispose()
