"""What operators watch is there, and moves."""

import json
import math
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
import yaml

from gateway.adapters.gauges import BROKER_SAYS, WITNESSES_SAY
from shared.web.factory import MeshApp
from tests.support.agency_services import World, a_consent, a_referral, world
from tests.support.checkout import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("gauges"), "health", enrolled=("social",)) as made:
        yield made


async def shown(app: MeshApp) -> str:
    """What an application shows to Prometheus now."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://metrics.test") as http:
        return (await http.get("/metrics")).text


async def values(app: MeshApp) -> dict[str, float]:
    """The gauges that an application shows now."""
    found = re.findall(r"^(mesh_\w+) (\S+)$", await shown(app), re.MULTILINE)
    return {name: float(value) for name, value in found}


def asked() -> list[str]:
    """Every expression of the alerts and of the dashboard."""
    alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
    rules = [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    return rules + [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


async def test_what_alerts_and_dashboard_ask_for_is_shown_with_the_labels_they_ask_by(mesh: World) -> None:
    """Names as they stand in `/metrics`, after calls of every kind; `job` and `instance` are given by Prometheus."""
    samples = await shown(mesh.gateway) + await shown(mesh.services["health"].app)
    names = set(re.findall(r"^(\w+)[{ ]", samples, re.MULTILINE)) | BROKER_SAYS.keys() | WITNESSES_SAY.keys() | {"up"}
    labels = set(re.findall(r'[{,](\w+)="', samples)) | {"job", "instance"}
    text = "\n".join(asked())
    by = {label.strip() for group in re.findall(r"by \(([^)]*)\)", text) for label in group.split(",")}
    selected = set(re.findall(r"[{,] *(\w+) *[=!]", text))
    wanted = set(re.findall(r"\b(?:mesh|http)_\w+|\bup\b", text))
    assert (wanted - names, (by | selected) - labels) == (set(), set())


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
