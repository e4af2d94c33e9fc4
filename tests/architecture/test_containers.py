"""What the containers promise, held by what their files say: confined, apart from one another, no open secret."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from gateway.settings import GatewaySettings
from mesh.home import DATABASE_URL, PASSPHRASE, WEBHOOK_SECRET
from mesh.roster import AGENCIES, DEPLOYABLES
from shared.agency.settings import AgencySettings
from tests.support.checkout import ROOT

COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: Mapping[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROXY = (ROOT / "deploy/haproxy/haproxy.cfg").read_text()
HOSTS = [deployable.host_name for deployable in DEPLOYABLES]
AGENCY_HOSTS = [agency.host_name for agency in AGENCIES]
LONG_RUNNING = [name for name in SERVICES if name not in {"secrets", "migrate", "provision", "demo"}]
WITHOUT_A_PROGRAM_TO_ASK = {"nats-1", "nats-2", "nats-3"}


def networks(name: str) -> set[str]:
    return set(SERVICES[name].get("networks", ()))


def mounts(name: str) -> dict[str, str]:
    """What a service has mounted, by volume or path, and whether it may write there."""
    parts = [volume.split(":") for volume in SERVICES[name].get("volumes", ())]
    return {part[0]: (part[2] if len(part) > 2 else "rw") for part in parts}


def neighbours(name: str) -> set[str]:
    """Every other service on a network of this one."""
    return {other for other in SERVICES if other != name and networks(name) & networks(other)}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_writes_nowhere_but_on_its_volumes_and_has_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    assert "/var/run/docker.sock" not in str(service)


@pytest.mark.parametrize("name", SERVICES)
def test_only_databases_begin_as_root(name: str) -> None:
    may_begin_as_root = name.endswith("-database")
    assert ("cap_add" in SERVICES[name]) is may_begin_as_root
    if not may_begin_as_root and "nats" in name:
        assert SERVICES[name]["user"] == "10001:10001"
    assert DOCKERFILE.count("\nUSER 10001\n") == DOCKERFILE.count("\nENTRYPOINT ")


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_what_runs_on_is_asked_whether_it_is_well_and_begun_anew(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert ("healthcheck" in SERVICES[name]) is (name not in WITHOUT_A_PROGRAM_TO_ASK)


def test_nothing_depends_on_an_order_of_starting() -> None:
    assert [name for name, service in SERVICES.items() if "depends_on" in service] == []


@pytest.mark.parametrize("name", SERVICES)
def test_no_environment_holds_a_secret(name: str) -> None:
    secrets = {PASSPHRASE, WEBHOOK_SECRET, DATABASE_URL, "POSTGRES_PASSWORD", "MESH_BROKER_PASSWORD"}
    environment = SERVICES[name].get("environment", {})
    assert not secrets & environment.keys()
    assert not re.search(r"://[^/\s]+:[^/\s]+@", str(SERVICES[name]))


def test_no_image_is_given_a_secret() -> None:
    assert not re.search(r"(?i)^(ENV|ARG).*(pass|secret|token)", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("host", HOSTS)
def test_a_service_reads_its_own_secrets_and_nobody_elses(host: str) -> None:
    assert mounts(host) == {f"{host}-secrets": "ro"}
    assert SERVICES[host]["environment"]["MESH_SECRETS_DIR"] == "/run/mesh/secrets"


@pytest.mark.parametrize("host", HOSTS)
def test_the_password_of_an_owner_reaches_the_database_and_the_migration_alone(host: str) -> None:
    holders = {name for name in SERVICES if f"{host}-database-secrets" in mounts(name)}
    assert holders == {"secrets", "migrate", f"{host}-database"}
    assert mounts("migrate")[f"{host}-database-secrets"] == "ro"


@pytest.mark.parametrize("host", AGENCY_HOSTS)
def test_an_agency_reaches_the_proxy_and_its_own_database_alone(host: str) -> None:
    assert neighbours(host) - {"migrate", "provision"} == {"proxy", f"{host}-database"}
    assert networks(host) == {f"{host}-line", f"{host}-data"}


@pytest.mark.parametrize("host", HOSTS)
def test_a_database_is_reached_by_its_own_service_alone(host: str) -> None:
    assert neighbours(f"{host}-database") == {host, "migrate", "provision"} - (
        {"gateway"} if host != "gateway" else set()
    )


def test_only_the_proxy_and_the_demo_are_on_a_network_with_a_way_out() -> None:
    open_ones = {name for name, network in COMPOSE["networks"].items() if not network.get("internal")}
    assert open_ones == {"front"}
    assert {name for name in SERVICES if networks(name) & open_ones} == {"proxy", "demo"}


def test_ports_are_published_by_the_proxy_alone_and_on_this_machine_alone() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["proxy"]["ports"])


def frontends() -> Iterator[tuple[str, list[str]]]:
    for block in re.split(r"\n(?=\S)", PROXY):
        first, *lines = block.splitlines()
        if first.startswith("frontend "):
            yield first.removeprefix("frontend "), [line.strip() for line in lines]


def test_the_proxy_lets_agencies_through_to_the_gateway_alone() -> None:
    rules = dict(frontends())["lines"]
    assert [rule for rule in rules if "backend" in rule] == ["default_backend gateway"]
    assert [rule for rule in rules if rule.startswith("bind")] == [
        f"bind {host}-line.proxy:8000" for host in AGENCY_HOSTS
    ]


def test_the_proxy_keeps_metrics_from_people_and_agencies_however_they_are_spelt() -> None:
    rules = dict(frontends())
    for name in ("lines", "front", "agencies"):
        assert "http-request deny deny_status 404 if { path,url_dec /metrics }" in rules[name]


def test_every_door_of_the_proxy_is_on_one_network_alone() -> None:
    places = [rule.split()[1] for _, rules in frontends() for rule in rules if rule.startswith("bind")]
    aliases = {alias for network in SERVICES["proxy"]["networks"].values() for alias in network["aliases"]}
    assert all(place.rpartition(":")[0] in aliases | {"127.0.0.1"} for place in places)
    inside = SERVICES["proxy"]["networks"]
    assert all(f"{name}.proxy" in network["aliases"] for name, network in inside.items())


def test_the_gateway_reaches_an_agency_with_deliveries_alone() -> None:
    (refusal,) = [rule for rule in dict(frontends())["inside"] if rule.startswith("http-request deny")]
    assert refusal.endswith("unless delivery delivery_place or reading metrics")


def test_there_are_two_gateways_and_three_brokers() -> None:
    assert SERVICES["gateway"]["scale"] == 2
    assert {name for name in SERVICES if name.startswith("nats-")} == WITHOUT_A_PROGRAM_TO_ASK
    asked = SERVICES["gateway"]["environment"]["MESH_BROKER"].split(",")
    assert asked == [f"nats://{name}:4222" for name in sorted(WITHOUT_A_PROGRAM_TO_ASK)]


def test_what_starts_without_a_profile_is_the_mesh_itself() -> None:
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "prometheus": ["observability"],
        "demo": ["demo"],
    }


def test_every_volume_and_network_that_is_named_is_used_and_the_other_way_round() -> None:
    named = {volume for name in SERVICES for volume in mounts(name) if not volume.startswith("./")}
    assert named == set(COMPOSE["volumes"])
    assert {network for name in SERVICES for network in networks(name)} == set(COMPOSE["networks"])


def test_files_that_are_mounted_are_there() -> None:
    files = {path for name in SERVICES for path in mounts(name) if path.startswith("./")}
    assert all((ROOT / path).is_file() for path in files)


def test_every_setting_of_a_container_is_one_that_exists() -> None:
    for host in HOSTS:
        model = GatewaySettings if host == "gateway" else AgencySettings
        known = {f"MESH_{name}".upper() for name in model.model_fields}
        assert SERVICES[host]["environment"].keys() <= known


def test_migrations_are_for_every_database_under_its_owner() -> None:
    words = SERVICES["migrate"]["command"]
    for host in HOSTS:
        assert f"--database={host}=@/run/owners/{host}/owner_url" in words
        assert f"--runtime={host}=mesh_service" in words


def test_images_are_the_three_that_are_named() -> None:
    begun = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) - {"scratch", "base"}
    taken = {service["image"] for service in SERVICES.values() if "/" in service["image"]}
    assert begun | taken == {
        "docker.io/library/python:3.13-slim",
        "docker.io/library/postgres:17",
        "docker.io/library/nats:2.10",
    }


def test_an_image_that_runs_is_made_of_one_layer_without_installers() -> None:
    final = re.findall(r"^FROM (\S+) AS (proxy|watch|mesh)$", DOCKERFILE, re.MULTILINE)
    assert final == [("scratch", "proxy"), ("scratch", "watch"), ("scratch", "mesh")]
    assert not re.search(r"apt-get install[^\n]*(gcc|build-essential|python3-dev|make)", DOCKERFILE)


def test_the_log_of_a_database_server_repeats_no_row() -> None:
    accounts = (ROOT / "deploy/postgres/accounts.sql").read_text(encoding="utf-8")
    assert "ALTER DATABASE mesh SET log_error_verbosity = terse;" in accounts
