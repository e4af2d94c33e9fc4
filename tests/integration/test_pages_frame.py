"""What every page has around it: refusals as pages, languages, the calendar, assets, the way out."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.people.records import Role
from tests.support.agency_services import World, world
from tests.support.page_client import PageClient, somebody


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("frame"), "social") as made:
        yield made


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_people_who_ask_for_what_is_not_there_get_a_page_and_machines_a_problem(mesh: World) -> None:
    client = PageClient(mesh.services["social"].app)
    page = await client.get("/nowhere")
    assert (page.status, page.headings) == (404, ["Chưa thực hiện được"])
    machine = await client.get("/nowhere", Accept="application/json")
    assert machine.response.headers["content-type"] == "application/problem+json"


async def test_a_page_speaks_the_language_of_whoever_reads_and_of_a_visitor_who_chose(mesh: World) -> None:
    client = PageClient(mesh.services["social"].app)
    page = await client.get("/sign-in")
    assert page.headings == ["Đăng nhập"]
    chosen = await client.send(page, "/language", language="en")
    assert chosen.headings == ["Sign in"]
    vietnamese = await somebody(mesh.services["social"].app, Role.CASEWORKER, language="vi")
    assert (await vietnamese.get("/inbox")).text.startswith('<!DOCTYPE html>\n<html lang="vi">')


async def test_every_page_has_one_policy_and_stays_in_no_cache(mesh: World) -> None:
    client = await somebody(mesh.services["social"].app, Role.CASEWORKER)
    headers = (await client.get("/inbox")).response.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


async def test_a_refresh_brings_nothing_where_nothing_changed(mesh: World) -> None:
    client = await somebody(mesh.services["social"].app, Role.CASEWORKER)
    tag = (await client.get("/inbox")).response.headers["etag"]
    again = await client.get("/inbox", If_None_Match=tag, X_Refresh="1")
    assert (again.status, again.text) == (304, "")


async def test_leaving_locks_and_leads_to_a_page_that_says_nothing(mesh: World) -> None:
    client = await somebody(mesh.services["social"].app, Role.CASEWORKER)
    page = await client.get("/exit")
    assert (page.path, page.title) == ("/calendar", "Calendar")
    assert "mesh" not in page.text.replace("/assets/mesh", "").lower()
    assert (await client.get("/inbox")).path == "/locked"


async def test_what_every_first_page_loads_weighs_less_than_50_kb(mesh: World) -> None:
    client = await somebody(mesh.services["social"].app, Role.CASEWORKER)
    pages = mesh.services["social"].app.state.pages
    assets = sum(len(body) for _, body, _ in pages.assets.values())
    assert len((await client.get("/inbox")).response.content) + assets < 50_000


async def test_everybody_begins_where_there_is_something_for_them(mesh: World) -> None:
    app = mesh.services["social"].app
    caseworker, administrator = await somebody(app, Role.CASEWORKER), await somebody(app, Role.ADMINISTRATOR)
    assert (await caseworker.get("/")).path == "/inbox"
    assert (await administrator.get("/")).path == "/administration"
    assert (await PageClient(app).get("/")).path == "/sign-in"
    machine = await PageClient(app).get("/", Accept="*/*")
    assert (machine.status, machine.response.headers["content-type"]) == (404, "application/problem+json")
