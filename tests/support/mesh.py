"""The real gateway in this process, with agencies that call it over HTTP; its ledger is checked when a test ends."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Table, make_url, select

from gateway.adapters.provisioning import Provisioning
from gateway.bootstrap import build_app, open_provisioning
from gateway.domain.agency import AgencyEnrolment
from gateway.settings import GatewaySettings
from shared.kernel.clock import Clock, ManualClock, SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.checkpoints import NoteVerifier
from shared.seal.keys import AgencyKeys
from shared.sop.loader import load_sop
from shared.storage.engine import open_engine, read
from shared.web.factory import MeshApp
from tests.support.agency import Agency
from tests.support.blank_databases import add_people
from tests.support.evidence import assert_ledger_intact
from tests.support.postgres import PostgresServer, numbered

URL = "http://gateway.test"
PASSPHRASE = "an invented passphrase for tests"
OVERSIGHT = "oversight-th"
HEALTH, SOCIAL, LEGAL, POLICE = "health-th", "social-th", "legal-th", "police-th"
SHELTER_HOUSE = "shelter-th"
#: Agency id, sector, and how its service codes begin.
ROLL = (
    (HEALTH, "health", "HEA-"),
    (SOCIAL, "social", "SOC-"),
    (LEGAL, "legal_aid", "LEG-"),
    (POLICE, "police", "POL-"),
    (SHELTER_HOUSE, "social", "SOC-"),
)


@dataclass(repr=False)
class Mesh:
    """A running gateway and everybody who talks to it."""

    app: MeshApp
    settings: GatewaySettings
    clock: Clock
    agencies: Mapping[str, Agency]
    verifier: NoteVerifier
    secrets: Mapping[str, str]

    def __getitem__(self, agency_id: str) -> Agency:
        return self.agencies[agency_id]

    @property
    def oversight(self) -> Agency:
        """The auditor."""
        return self.agencies[OVERSIGHT]

    def advance(self, by: timedelta) -> None:
        """Move a clock that stands still."""
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(by)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """What the gateway's database holds, read from beside it."""
        engine = open_engine(self.settings.database_url)
        try:
            with read(engine) as connection:
                return [dict(row) for row in connection.execute(select(table)).mappings()]
        finally:
            engine.dispose()

    def provision(self, act: Callable[[Provisioning], Any]) -> Any:
        """Do what an operator does, beside the running gateway."""
        desk = open_provisioning(self.settings, keys=keys_of("gateway"))
        try:
            return act(desk)
        finally:
            desk.close()


@cache
def keys_of(name: str) -> AgencyKeys:
    """Keys by name, made once per session: making them is slow, and tests do not care which they are."""
    return AgencyKeys.generate()


def settings_for(database_url: str, folder: Path, **changes: Any) -> GatewaySettings:
    """Settings of a gateway; its keys are given to it, as reading a key file is slow by design."""
    given = {
        "database_url": database_url,
        "public_url": URL,
        "key_file": folder / "gateway.key",
        "key_passphrase": PASSPHRASE,
        "delivery_enabled": False,
        "clocks_enabled": False,
    }
    return GatewaySettings(**{**given, **changes})


def enrolment(agency_id: str, sector: str, codes: str, **changes: Any) -> AgencyEnrolment:
    """An agency of Thanh Hoa that offers all services of its sector."""
    services = frozenset(code for code in load_sop().services if code.startswith(codes))
    made = AgencyEnrolment(
        id=agency_id,
        name_vi=f"Cơ quan {sector}",
        name_en=f"Agency {sector}",
        sectors=frozenset({sector}),
        areas=frozenset({"38"}),
        services=services,
        jwks=keys_of(agency_id).public_jwks(),
    )
    return replace(made, **changes)


def enrol_all(settings: GatewaySettings, base_urls: Mapping[str, str]) -> dict[str, str]:
    """Fill the directory; return the webhook secrets."""
    desk = open_provisioning(settings, keys=keys_of("gateway"))
    try:
        secrets = {
            agency_id: desk.enroll(enrolment(agency_id, sector, codes, base_url=base_urls.get(agency_id)))
            for agency_id, sector, codes in ROLL
        }
        desk.register_oversight(OVERSIGHT, keys_of(OVERSIGHT).public_jwks())
    finally:
        desk.close()
    return secrets


@dataclass(frozen=True)
class Enrolled:
    """A gateway's database with everybody of the roll in its directory, and their webhook secrets."""

    url: str
    secrets: Mapping[str, str]

    @property
    def name(self) -> str:
        """What a server calls this database."""
        return str(make_url(self.url).database)


def _enrolled_at(url: str, folder: Path) -> Enrolled:
    add_people(url)
    return Enrolled(url, enrol_all(settings_for(url, folder), {}))


@pytest.fixture(scope="session")
def enrolled_file(tmp_path_factory: pytest.TempPathFactory) -> Enrolled:
    """The SQLite database that is copied."""
    folder = tmp_path_factory.mktemp("enrolled")
    return _enrolled_at(f"sqlite:///{folder / 'gateway.db'}", folder)


@pytest.fixture(scope="session")
def enrolled_database(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Enrolled:
    """The PostgreSQL database that is copied."""
    name = numbered("enrolled")
    postgres_server.create(name)
    return _enrolled_at(postgres_server.url(name), tmp_path_factory.mktemp("enrolled"))


@pytest.fixture(params=["sqlite", "postgresql"])
def enrolled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Enrolled]:
    """A copy of the prepared database: as good as enrolling anew, and much quicker."""
    yield from _copied(request, tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_enrolled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enrolled]:
    """A copy of the prepared database for the tests of a module."""
    yield from _copied(request, tmp_path_factory.mktemp("shared"))


def _copied(request: pytest.FixtureRequest, folder: Path) -> Iterator[Enrolled]:
    if request.param == "sqlite":
        origin: Enrolled = request.getfixturevalue("enrolled_file")
        shutil.copy(origin.url.removeprefix("sqlite:///"), folder / "test.db")
        yield replace(origin, url=f"sqlite:///{folder / 'test.db'}")
        return
    origin = request.getfixturevalue("enrolled_database")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = numbered("mesh")
    server.create(name, template=origin.name)
    yield replace(origin, url=server.url(name))
    server.drop(name)


@asynccontextmanager
async def running_mesh(
    database_url: str,
    folder: Path,
    *,
    clock: Clock | None = None,
    base_urls: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    **changes: Any,
) -> AsyncIterator[Mesh]:
    """Run a gateway until the block ends, and then look whether its ledger is whole.

    Everybody of the roll is enrolled first, unless `secrets` says that the database has them already.
    """
    clock = clock or SystemClock()
    settings = settings_for(database_url, folder, **changes)
    secrets = secrets or enrol_all(settings, base_urls or {})
    app = build_app(settings, clock=clock, keys=keys_of("gateway"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as http,
    ):
        agencies: dict[str, Agency] = {}
        ids, sop = Uuid7Factory(clock), load_sop()
        for name in [*(row[0] for row in ROLL), OVERSIGHT]:
            agencies[name] = Agency(name, keys_of(name), http, clock, ids, sop, agencies)
        verifier = keys_of("gateway").checkpoint_signer(settings.ledger_origin).verifier
        mesh = Mesh(app, settings, clock, agencies, verifier, secrets)
        yield mesh
        await assert_ledger_intact(mesh.oversight, verifier)


@asynccontextmanager
async def _standing_still(enrolled: Enrolled, folder: Path) -> AsyncIterator[Mesh]:
    clock = ManualClock(SystemClock().now())
    async with running_mesh(enrolled.url, folder, clock=clock, secrets=enrolled.secrets) as running:
        yield running


@pytest.fixture
async def own_mesh(enrolled: Enrolled, tmp_path: Path) -> AsyncIterator[Mesh]:
    """A gateway that delivers by pull, on a clock that stands still until it is moved."""
    async with _standing_still(enrolled, tmp_path) as running:
        yield running


@pytest.fixture
def mesh(own_mesh: Mesh) -> Mesh:
    """A gateway for one test, unless its module says that its tests share one."""
    return own_mesh


@pytest.fixture(scope="module")
async def shared_mesh(shared_enrolled: Enrolled, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    """The same for all tests of a module that look at people of their own alone."""
    async with _standing_still(shared_enrolled, tmp_path_factory.mktemp("gateway")) as running:
        yield running
