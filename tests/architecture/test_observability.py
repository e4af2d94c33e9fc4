"""What is added to the containers for looking at them: pinned, confined, and no agency reaches it."""

import json
from typing import Any

import pytest
import yaml

from gateway.settings import GatewaySettings
from mesh.roster import AGENCIES
from tests.support.checkout import ROOT

FOLDER = ROOT / "deploy/observability"
BASE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
ADDED: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text())
NEW = sorted(ADDED["services"].keys() - BASE["services"].keys())
COLLECTOR: dict[str, Any] = yaml.safe_load((FOLDER / "collector.yml").read_text())


def test_what_starts_by_itself_is_untouched() -> None:
    assert NEW == ["collector", "grafana"]
    assert all(ADDED["services"][name]["profiles"] == ["observability"] for name in NEW)
    changed = {name: service for name, service in ADDED["services"].items() if name not in NEW}
    assert changed == {"gateway": {"environment": {"MESH_OTLP_ENDPOINT": "http://collector:4318"}}}
    assert "otlp_endpoint" in GatewaySettings.model_fields


@pytest.mark.parametrize("name", NEW)
def test_an_added_container_is_pinned_confined_and_out_of_the_agencies_reach(name: str) -> None:
    service = ADDED["services"][name]
    assert service["image"].rpartition(":")[2].count(".") == 2
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    lines = {f"{agency.host_name}-{place}" for agency in AGENCIES for place in ("line", "data")}
    assert not lines & set(service["networks"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", NEW)
def test_what_an_added_container_mounts_is_there_and_not_its_own_to_change(name: str) -> None:
    for volume in ADDED["services"][name]["volumes"]:
        source, _, rest = volume.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).exists()
            assert rest.endswith(":ro")
        else:
            assert source in ADDED["volumes"]


def test_the_dashboard_finds_its_prometheus() -> None:
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
    assert [one["query"] for one in dashboard["templating"]["list"]] == [source["type"]]
    host, _, port = source["url"].removeprefix("http://").partition(":")
    assert host in BASE["services"]
    assert port == "9090"
    (provider,) = yaml.safe_load((FOLDER / "provisioning/dashboards/mesh.yml").read_text())["providers"]
    assert any(f":{provider['options']['path']}/" in volume for volume in ADDED["services"]["grafana"]["volumes"])


def test_every_part_of_the_collector_is_used_and_the_other_way_round() -> None:
    (pipeline,) = COLLECTOR["service"]["pipelines"].values()
    assert {part: set(names) for part, names in pipeline.items()} == {
        part: set(COLLECTOR[part]) for part in ("receivers", "processors", "exporters")
    }
    port = COLLECTOR["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert ADDED["services"]["gateway"]["environment"]["MESH_OTLP_ENDPOINT"].endswith(f":{port}")
