"""The manifests are valid, confined, and let an agency reach the gateway and its own database alone."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gateway.settings import GatewaySettings
from mesh.roster import AGENCIES, DEPLOYABLES
from shared.agency.settings import AgencySettings
from tests.support.checkout import ROOT

FOLDER = ROOT / "deploy/kubernetes"
#: The oldest release the manifests are for: from here on a container may simply sleep before it stops.
RELEASE = "1.30"
HOSTS = [deployable.host_name for deployable in DEPLOYABLES]
AGENCY_HOSTS = [agency.host_name for agency in AGENCIES]


@cache
def documents(name: str) -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text()))


def one(host: str, kind: str, name: str | None = None) -> dict[str, Any]:
    (found,) = [
        document
        for document in documents(host)
        if document["kind"] == kind and name in {None, document["metadata"]["name"]}
    ]
    return found


def pods(host: str) -> Iterator[dict[str, Any]]:
    yield one(host, "Deployment")["spec"]["template"]["spec"]
    yield one(host, "Job")["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_every_manifest_is_valid(name: str) -> None:
    for document in documents(name):
        kubernetes_validate.validate(document, RELEASE, strict=True)


@pytest.mark.parametrize("host", HOSTS)
def test_every_container_is_confined(host: str) -> None:
    for pod in pods(host):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}


@pytest.mark.parametrize("host", HOSTS)
def test_no_container_has_a_secret_in_its_environment(host: str) -> None:
    for pod in pods(host):
        for container in pod["containers"]:
            assert "envFrom" not in container
            assert all("valueFrom" not in variable for variable in container.get("env", ()))
        assert all(volume.keys() - {"name"} <= {"secret", "emptyDir"} for volume in pod["volumes"])
    assert [document["kind"] for document in documents(host) if document["kind"] == "Secret"] == []


@pytest.mark.parametrize("host", HOSTS)
def test_the_password_of_the_owner_is_for_the_migration_alone(host: str) -> None:
    service, migration = (
        {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume} for pod in pods(host)
    )
    assert (service, migration) == ({"settings"}, {"owner"})


@pytest.mark.parametrize("host", HOSTS)
def test_a_service_is_asked_whether_it_lives_and_whether_it_is_ready_where_it_listens(host: str) -> None:
    (container,) = one(host, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": 8000}]
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {probe["port"] for probe in asked.values()} == {"http"}
    assert {kind: probe["path"] for kind, probe in asked.items()} == {
        "startup": "/livez",
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    (port,) = one(host, "Service")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (8000, "http")


@pytest.mark.parametrize("host", HOSTS)
def test_a_service_has_time_to_end(host: str) -> None:
    pod = one(host, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    drain = sum(int(one["value"]) for one in container["env"] if one["name"] == "MESH_DRAIN_SECONDS")
    sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= sleep + drain + 15


@pytest.mark.parametrize("host", HOSTS)
def test_every_setting_is_one_that_exists(host: str) -> None:
    (container,) = one(host, "Deployment")["spec"]["template"]["spec"]["containers"]
    model = GatewaySettings if host == "gateway" else AgencySettings
    known = {f"MESH_{name}".upper() for name in model.model_fields}
    assert {variable["name"] for variable in container["env"]} <= known


def test_the_gateway_has_two_replicas_and_one_of_them_at_any_time() -> None:
    deployment = one("gateway", "Deployment")
    assert deployment["spec"]["replicas"] >= 2
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    budget = one("gateway", "PodDisruptionBudget")["spec"]
    assert (budget["minAvailable"], budget["selector"]) == (1, deployment["spec"]["selector"])


def test_nobody_outside_reads_metrics_through_an_ingress() -> None:
    """The exact path comes before any prefix, and leads to a port where no container listens."""
    doors = [document for document in documents("ingress") if document["kind"] == "Ingress"]
    ports = {
        document["metadata"]["namespace"]: document["spec"]["ports"]
        for document in documents("ingress")
        if document["kind"] == "Service"
    }
    for door in doors:
        for rule in door["spec"]["rules"]:
            (metrics,) = [path for path in rule["http"]["paths"] if path["path"] == "/metrics"]
            assert metrics["pathType"] == "Exact"
            assert metrics["backend"]["service"] == {"name": "nowhere", "port": {"name": "nowhere"}}
            (nowhere,) = ports[door["metadata"]["namespace"]]
            assert nowhere["targetPort"] not in {"http", 8000}
    assert len(doors) == len(ports)


def sides(peers: list[dict[str, Any]]) -> set[str]:
    return {peer["namespaceSelector"]["matchLabels"]["referral-mesh/side"] for peer in peers}


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_passes_that_is_not_named(host: str) -> None:
    policy = one(host, "NetworkPolicy", "nothing")["spec"]
    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("host", AGENCY_HOSTS)
def test_an_agency_reaches_names_its_own_database_and_the_gateway_alone(host: str) -> None:
    (outward,) = one(host, "NetworkPolicy", host)["spec"]["egress"]
    assert sides(outward["to"]) == {"gateway"}
    names, database = one(host, "NetworkPolicy", "names-and-database")["spec"]["egress"]
    assert [port["port"] for port in names["ports"]] == [53, 53]
    assert ["namespaceSelector" in peer for peer in database["to"]] == [False]


@pytest.mark.parametrize("host", AGENCY_HOSTS)
def test_an_agency_is_reached_by_the_gateway_and_not_by_other_agencies(host: str) -> None:
    (inward,) = one(host, "NetworkPolicy", host)["spec"]["ingress"]
    assert sides(inward["from"]) == {"gateway", "front", "watching"}


@pytest.mark.parametrize("host", AGENCY_HOSTS)
def test_agencies_are_run_alike(host: str) -> None:
    def plain(name: str) -> str:
        _, *lines = (FOLDER / f"{name}.yaml").read_text().splitlines()
        return "\n".join(lines).replace(name, "AGENCY")

    assert plain(host) == plain("police")
