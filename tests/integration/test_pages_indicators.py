"""The pages of counts: who sees them, that a file holds what the page shows, that no view undoes another."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.tables import OVERSIGHT_READINGS
from gateway.web.console.exports import written
from shared.kernel.clock import ManualClock
from shared.pages.rendering import POLICY
from shared.people.records import Role
from tests.support.busy_quarter import FORMULA, a_busy_quarter
from tests.support.clocked import hanoi
from tests.support.mesh import HEALTH, OVERSIGHT, Mesh, keys_of, running_mesh
from tests.support.page_client import PageClient, somebody

pytestmark = pytest.mark.slow
NOW = hanoi("2026-11-22 09:00")
DIMENSIONS = ("", "month", "service", "urgency", "province", "agency")


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a busy quarter."""
    folder = tmp_path_factory.mktemp("counted")
    a_busy_quarter(f"sqlite:///{folder / 'gateway.db'}")
    return folder


@pytest.fixture
async def mesh(counted: Path) -> AsyncIterator[Mesh]:
    secrets: dict[str, str] = {}
    url = f"sqlite:///{counted / 'gateway.db'}"
    async with running_mesh(url, counted, clock=ManualClock(NOW), secrets=secrets or {HEALTH: ""}) as running:
        running.provision(lambda desk: desk.register_oversight(OVERSIGHT, keys_of(OVERSIGHT).public_jwks()))
        yield running


async def person(mesh: Mesh, role: Role = Role.AUDITOR, **details: Any) -> PageClient:
    return await somebody(mesh.app, role, **details)


def indicators(**asked: str) -> str:
    return "/console/indicators?" + "&".join(f"{name}={value}" for name, value in asked.items())


async def exported(client: PageClient, **asked: str) -> dict[str, Any]:
    page = await client.get(indicators(**asked).replace("indicators?", "indicators.json?"))
    assert page.status == 200, page.text
    found: dict[str, Any] = json.loads(page.text)
    return found


async def test_both_roles_see_every_table_in_both_languages(mesh: Mesh) -> None:
    for role, language in ((Role.AUDITOR, "vi"), (Role.COORDINATOR, "en")):
        await every_table(await person(mesh, role, language=language))


async def every_table(client: PageClient) -> None:
    """Open every table there is."""
    for path in ("indicators", "clocks"):
        for by in DIMENSIONS:
            page = await client.get(f"/console/{path}?period=2026-Q3&view=internal&by={by}")
            assert page.status == 200, page.text
            assert page.response.headers["content-security-policy"] == POLICY
            assert "style=" not in page.text
            assert "onclick" not in page.text
            assert page.title in {"Work", "Công việc"}
    assert ("I36" in (await client.get("/console/indicators")).text) is True


async def test_nobody_else_gets_in(mesh: Mesh) -> None:
    stranger = PageClient(mesh.app)
    for path in ("/console/indicators", "/console/clocks", "/console/indicators.csv", "/console/indicators.json"):
        assert (await stranger.get(path)).path == "/sign-in"


async def test_small_numbers_are_on_no_page_and_in_no_file(mesh: Mesh) -> None:
    client = await person(mesh)
    for view, least in (("public", 11), ("internal", 5)):
        for by in DIMENSIONS:
            shown = await exported(client, period="2026-Q3", view=view, by=by)
            assert shown["suppressed_below"] == least
            numbers = [row["referrals"] for table in shown["tables"] for row in table["rows"] if row["referrals"]]
            assert all(number % 5 == 0 and number >= least for number in numbers)
    services = {
        row["key"]: row["referrals"]
        for row in (await exported(client, period="2026-Q3", view="public", by="service"))["tables"][0]["rows"]
    }
    assert services[""] == 290
    assert services.get("HEA-01") is None
    assert (services["health"], services["HEA-05"]) == (130, 90)
    assert services.get("HEA-06") is None, "129 of the sector, less 90, less these 35, would be the 4 of HEA-01"
    assert services.get("legal_aid") is None, "hidden with the police, to whom nothing was sent"


async def test_the_public_view_shows_nothing_that_the_internal_one_does_not(mesh: Mesh) -> None:
    client = await person(mesh)
    for by in (one for one in DIMENSIONS if one != "agency"):
        found = {}
        for view in ("public", "internal"):
            shown = await exported(client, period="2026-Q3", view=view, by=by)
            found[view] = {
                (table["indicator"], row["key"], what)
                for table in shown["tables"] for row in table["rows"]
                for what in ("referrals", "share", "median", "p90", "mean") if row[what] is not None
            }  # fmt: skip
        assert found["public"] <= found["internal"], by
        assert found["public"], by


async def test_no_number_of_one_agency_is_public(mesh: Mesh) -> None:
    client = await person(mesh)
    page = await client.get(indicators(period="2026-Q3", view="public", by="agency"))
    assert "clinic-one" not in page.text
    assert "Trạm y tế một" not in page.text
    answer = await mesh[HEALTH].get("/v1/indicators/2026-Q3", by="agency")
    rows = [row for table in answer.json()["tables"] for row in table["rows"] if row["level"]]
    assert rows == []


async def test_the_api_shows_what_the_pages_show(mesh: Mesh) -> None:
    client = await person(mesh)
    for by in ("", "service", "month"):
        asked = {"by": by} if by else {}
        for reader, view in ((mesh[HEALTH], "public"), (mesh.oversight, "internal")):
            answer = (await reader.get("/v1/indicators/2026-Q3", **asked)).json()
            assert answer == await exported(client, period="2026-Q3", view=view, by=by)


async def test_a_month_is_what_its_quarter_says_of_it(mesh: Mesh) -> None:
    client = await person(mesh)
    quarter = await exported(client, period="2026-Q3", view="internal", by="month")
    month = await exported(client, period="2026-08", view="internal")
    of_quarter = {
        table["indicator"]: row for table in quarter["tables"] for row in table["rows"] if row["key"] == "2026-08"
    }
    of_month = {table["indicator"]: table["rows"][0] for table in month["tables"]}
    assert all(of_month[name] == row for name, row in of_quarter.items())
    assert of_month["referrals"]["referrals"]


async def test_a_file_holds_exactly_what_the_page_shows(mesh: Mesh) -> None:
    client = await person(mesh, language="en")
    asked = {"period": "2026-Q3", "view": "internal", "by": "service"}
    shown = await exported(client, **asked)
    page = await client.get(indicators(**asked))
    for table in shown["tables"]:
        for row in table["rows"]:
            assert row["name"]["en"] in page.text.replace("&#39;", "'").replace("&amp;", "&")
    percents = [row["share"]["percent"] for table in shown["tables"] for row in table["rows"] if row["share"]]
    cells = re.findall(r'data-label="Value">(?:At )?(\d+) %', page.text)
    assert sorted(map(int, cells)) == sorted(percents)
    answer = await client.get(indicators(**asked).replace("indicators?", "indicators.csv?"))
    lines = list(csv.DictReader(io.StringIO(answer.response.content.decode("utf-8"), newline="")))
    assert len(lines) == sum(len(table["rows"]) for table in shown["tables"])
    assert [line["share_percent"] for line in lines if line["share_percent"]] == [str(one) for one in percents]
    assert answer.response.content.count(b"\r\n") == len(lines) + 1
    assert 'filename="indicators-2026-Q3-service-internal.csv"' in answer.response.headers["content-disposition"]


async def test_a_spreadsheet_runs_nothing_and_may_have_its_mark(mesh: Mesh) -> None:
    client = await person(mesh)
    asked = indicators(period="2026-Q3", view="internal", by="agency").replace("indicators?", "indicators.csv?")
    plain, marked = await client.get(asked), await client.get(asked + "&bom=on")
    assert marked.response.content == b"\xef\xbb\xbf" + plain.response.content
    cells = [cell for line in csv.reader(io.StringIO(plain.response.content.decode(), newline="")) for cell in line]
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    shown = await client.get(indicators(period="2026-Q3", view="internal", by="agency"))
    assert "&#34;http://evil.test&#34;" in shown.text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_what_begins_as_a_formula_is_marked_as_text(cell: str) -> None:
    assert next(csv.reader(io.StringIO(written([[cell, "a", 5]]), newline=""))) == [f"'{cell}", "a", "5"]


async def test_every_look_is_written_down_a_file_as_its_own(mesh: Mesh) -> None:
    client = await person(mesh)
    before = len(mesh.rows(OVERSIGHT_READINGS))
    await client.get("/console/indicators")
    await client.get("/console/clocks")
    await exported(client, period="2026-Q3")
    assert [row["page"] for row in mesh.rows(OVERSIGHT_READINGS)][before:] == ["indicators", "clocks", "export"]


async def test_what_still_runs_is_shown_inside_alone_and_never_leaves(mesh: Mesh) -> None:
    client = await person(mesh, language="en")
    running = indicators(period="2026-Q4", view="internal")
    assert "do not pass them on" in (await client.get(running)).text
    assert (await client.get(running.replace("indicators?", "indicators.json?"))).status == 404
    assert "This quarter is not over" in (await client.get(indicators(period="2026-Q4", view="public"))).text
    assert (await mesh.oversight.get("/v1/indicators/2026-Q4")).status_code == 404


async def test_no_other_question_can_be_asked(mesh: Mesh) -> None:
    client = await person(mesh)
    usual = await client.get("/console/indicators")
    for asked in ("period=2026-08-13", "period=2026-W33", "by=age", "view=exact", "since=2026-08-01"):
        assert (await client.get(f"/console/indicators?{asked}")).headings == usual.headings
    for wrong in ("2026-08-13", "2026-H1", "2026"):
        assert (await mesh.oversight.get(f"/v1/indicators/{wrong}")).status_code == 422
