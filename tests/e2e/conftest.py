"""A real gateway in its own process, and agencies that were enrolled from outside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from mesh.home import Home
from tests.e2e.outside import keys, launch, messages
from tests.e2e.outside.agency import Agency
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import SOC_01, Mesh, Partner, some
from tests.e2e.outside.receiver import Receiver
from tests.support.ports import free_ports
from tests.support.processes import KeptMesh

SECTORS = {
    "out-health": "health",
    "out-social": "social",
    "out-legal": "legal_aid",
    "out-police": "police",
    "out-clinic": "health",
    "out-shelter": "social",
    "out-gone": "social",
}


@dataclass
class World:
    """The gateway that runs, and everybody who takes part."""

    running: launch.Running
    agencies: dict[str, Agency]
    oversight: Agency
    receiver: Receiver
    visitors: list[Agency] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.running.url

    def __getattr__(self, name: str) -> Agency:
        agencies: dict[str, Agency] = self.__dict__["agencies"]
        return agencies[f"out-{name}"]

    def enrolled(self, agency: Agency, *, sector: str) -> Agency:
        """Enrol one more agency; it lives as long as this world."""
        self.visitors.append(agency)
        launch.enrol(self.running.home, agency.id, sector=sector, jwks=agency.jwks)
        return agency

    def consent(self, *grants: Json, sender: str = "health", subject: str | None = None, **over: Any) -> Json:
        """Record a consent; its message."""
        agency = self.agencies[f"out-{sender}"]
        message = messages.consent(agency.id, subject or messages.new_subject(), list(grants), **over)
        answer = agency.send("/v1/consents", message)
        assert answer.status_code == 201, answer.text
        return message

    def derived(self, parent: Json, grant: Json, *, sender: str = "social") -> Json:
        """Record a consent that narrows another, for as long as that one lasts; its message."""
        over = {"subject": parent["subject"], "valid_to": parent["valid_to"], "derived_from": parent["id"]}
        return self.consent(grant, sender=sender, **over)

    def wide_consent(self, **over: Any) -> Json:
        """A consent for shelter, legal aid and police with all the compartments of a story, which may be passed on."""
        everybody = [name for name in SECTORS if name != "out-gone"]
        services = ["SOC-01", "SOC-03", "LEG-02", "POL-04", "POL-01", "HEA-02"]
        return self.consent(messages.grant(everybody, services, list(messages.CONTENTS), onward=True), **over)

    def sheltered(self, consent: Json | None = None, *, names: tuple[str, ...] = (), **over: Any) -> tuple[Json, Json]:
        """A SOC-01 referral from health to social that was admitted: its summary, its consent."""
        consent = consent or self.wide_consent()
        contents = some(*SOC_01, *names)
        basis = {"kind": "consent", "consent_id": consent["id"]}
        to = over.pop("to", "out-social")
        answer = self.health.refer(to, contents, basis=basis, subject=consent["subject"], **over)
        assert answer.status_code == 202, answer.text
        return answer.json()["referral"], consent

    def accepted(self, consent: Json | None = None, **over: Any) -> tuple[Json, Json]:
        """A SOC-01 referral that social has received, acknowledged and accepted; the delivered item."""
        referral, _ = self.sheltered(consent, **over)
        item = self.social.collect(referral["referral_id"])
        for type_ in ("acknowledged", "accepted"):
            answer = self.social.tell(referral, type_, staff_gender="female")
            assert answer.status_code == 202, answer.text
        return referral, item


def enrol_all(running: launch.Running, receiver: Receiver) -> dict[str, Agency]:
    agencies = {name: Agency(name, running.url) for name in SECTORS}

    for agency_id, agency in agencies.items():
        base_url = receiver.url if agency_id == "out-shelter" else None
        over = {"sector": SECTORS[agency_id], "jwks": agency.jwks, "base_url": base_url}
        secret = launch.enrol(running.home, agency_id, **over)
        if base_url:
            receiver.secret = secret
    receiver.receipt_for = agencies["out-shelter"].receipt_for
    launch.mesh("agencies", "disable", "out-gone", "--home", str(running.home))
    return agencies


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home: Path = tmp_path_factory.mktemp("outside") / "home"
    receiver = Receiver()
    running = launch.start_gateway(home)
    everybody: list[Agency] = []
    try:
        agencies = enrol_all(running, receiver)
        told = running.credentials["oversight"]
        oversight = Agency(told["client_id"], running.url)
        oversight.signer = keys.signer_from_jwk(told["private_jwk"])
        everybody += [*agencies.values(), oversight]
        yield World(running, agencies, oversight, receiver, visitors=everybody)
    finally:
        running.stop()
        receiver.close()
        for agency in everybody:
            agency.http.close()


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory, copied_home: Callable[[Path], Path]) -> Iterator[Mesh]:
    home = copied_home(tmp_path_factory.mktemp("outside-mesh") / "home")
    running = launch.start_mesh(home)
    outside = Agency("out-ngo", running.url)
    opened = [outside.http]
    try:
        launch.enrol(home, outside.id, sector="health", jwks=outside.jwks)
        partners = {}
        for agency_id, told in running.credentials["agencies"].items():
            client = httpx.Client(base_url=told["url"], timeout=30)
            opened.append(client)
            partners[told["sector"]] = Partner(agency_id, told["client_id"], told["client_secret"], client)
        yield Mesh(running=running, outside=outside, **partners)
    finally:
        running.stop()
        for client in opened:
            client.close()


@pytest.fixture(scope="session")
def kept_mesh(tmp_path_factory: pytest.TempPathFactory, copied_home: Callable[[Path], Path]) -> Iterator[KeptMesh]:
    kept = KeptMesh(copied_home(tmp_path_factory.mktemp("mesh") / "home"), port_base=free_ports(5))
    try:
        yield kept
    finally:
        kept.down()


@pytest.fixture
def home(kept_mesh: KeptMesh) -> Home:
    """The home of five real processes that run; tests from within share them."""
    return kept_mesh.up()
