"""Alerts and dashboard are about what the services show."""

import json
import re

import yaml

from gateway.adapters import gauges as gateway_gauges
from shared.agency import gauges as agency_gauges
from tests.support.checkout import ROOT

NAME = re.compile(r"\b(?:mesh|http)_[a-z_]+\b")
GAUGES = (
    *gateway_gauges.SAYS,
    *gateway_gauges.BROKER_SAYS,
    *gateway_gauges.WITNESSES_SAY,
    *agency_gauges.SAYS,
)
HTTP = {"http_requests_total", "http_faults_total", "http_request_duration_seconds_bucket", "mesh_ready"}


def test_alerts_and_dashboard_speak_of_gauges_that_exist() -> None:
    known = {*GAUGES, *HTTP}
    alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert {name for text in asked for name in NAME.findall(text)} <= known
    assert all({"summary", "what"} <= rule["annotations"].keys() for rule in rules)


def test_a_burst_of_faults_is_told() -> None:
    """One that is over after a minute, of a service that had none before, and not only one that goes on."""
    alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    (rule,) = [rule for group in alerts["groups"] for rule in group["rules"] if rule["alert"] == "FaultsOfOurs"]
    assert rule["expr"] == "increase(http_faults_total[15m]) > 0"
    assert "for" not in rule


def test_every_gauge_is_watched_by_somebody() -> None:
    told = (ROOT / "deploy/grafana/dashboard.json").read_text()
    assert [name for name in GAUGES if name not in told] == []
