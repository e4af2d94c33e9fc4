"""A gateway and agency services in one process, without sockets: the real applications, wired by ASGI.

The agencies poll their inboxes, so that nobody has to be reachable. Times are the machine's own. A world is slow to
make: the tests of a module share one where each looks at people of its own alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from gateway.bootstrap import build_app as build_gateway
from gateway.bootstrap import open_provisioning
from gateway.domain.agency import AgencyEnrolment
from gateway.settings import GatewaySettings
from services.health import profile as health_profile
from services.health import routes as health_routes
from services.legal_aid import profile as legal_aid_profile
from services.legal_aid import routes as legal_aid_routes
from services.police import profile as police_profile
from services.police import routes as police_routes
from services.social import profile as social_profile
from services.social import routes as social_routes
from shared.agency.chassis import Surroundings, build_app
from shared.agency.pages.panels import SectorPanels
from shared.agency.provisioning import add_partner
from shared.agency.sector.practice import Practice
from shared.agency.settings import AgencySettings
from shared.seal.keys import AgencyKeys
from shared.transport.peer import Peer
from shared.transport.webhooks import new_webhook_secret
from shared.web.factory import MeshApp
from tests.support.blank_databases import copied_file, template_on
from tests.support.page_client import QUICK
from tests.support.postgres import PostgresServer, numbered

PASSPHRASE = "a passphrase for tests"
GATEWAY_URL = "http://gateway.test"
PARTNER = "partner"
REASON = {"Access-Reason": "case_work"}

#: A text that stands for everything about a person: it must be found in no file, log or address.
CANARY = "Canary-Nguyen-Thi-Mau"
CASE: Mapping[str, Any] = {
    "identity": {"name": CANARY, "sex": "female"},
    "contact": {"name_to_use": CANARY},
    "safety": {"band": "R3"},
    "dependants": {"count": 1},
    "preferences": {"staff_gender": "female"},
}

KINDS: Mapping[str, tuple[ModuleType, ModuleType]] = {
    "police": (police_profile, police_routes),
    "health": (health_profile, health_routes),
    "legal_aid": (legal_aid_profile, legal_aid_routes),
    "social": (social_profile, social_routes),
}


def panels_of(kind: str) -> SectorPanels:
    """Return the panels of the service of a kind."""
    panels: SectorPanels = import_module(f"{KINDS[kind][0].__package__}.panels").PANELS
    return panels


@cache
def keys_of(name: str) -> AgencyKeys:
    """Return the keys of a deployable: the same ones throughout a test run."""
    del name
    return AgencyKeys.generate()


def agency_id(kind: str) -> str:
    """Return the id of the one agency of a kind."""
    return f"{kind.replace('_', '-')}-test"


@dataclass
class Client:
    """A partner system at its agency service."""

    http: httpx.AsyncClient

    async def post(self, path: str, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        """Post JSON; keyword names are header names with underscores."""
        return await self.http.post(path, json=body, headers=_headers(headers))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Get a path with the usual reason."""
        return await self.http.get(path, headers=REASON | _headers(headers))

    async def done(self, path: str, body: Mapping[str, Any], **headers: str) -> dict[str, Any]:
        """Post JSON and return the answer of a success."""
        response = await self.post(path, body, **headers)
        assert response.status_code in {200, 201, 202}, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def seen(self, referral_id: str, *, query: str = "", **headers: str) -> dict[str, Any]:
        """Read one referral."""
        response = await self.get(f"/v1/referrals/{referral_id}{query}", **headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def until(
        self, referral_id: str, holds: Callable[[dict[str, Any]], bool], *, query: str = "?compartments=preferences"
    ) -> dict[str, Any]:
        """Read a referral until something holds of it; fails after half a minute."""
        seen: Any = None
        async with asyncio.timeout(30):
            while True:
                response = await self.get(f"/v1/referrals/{referral_id}{query}")
                seen = response.json()
                if response.status_code == 200 and holds(seen):
                    found: dict[str, Any] = seen
                    return found
                await asyncio.sleep(0.02)


@dataclass
class Service:
    """One agency service that runs."""

    app: MeshApp
    settings: AgencySettings
    client: Client
    practice: Practice


@dataclass
class Wire:
    """The line to the gateway: a test may cut it, also for some paths alone, lose answers on it, and look at it."""

    gateway: MeshApp
    cut: bool = False
    answers_lost: int = 0
    deaf_to: set[str] = field(default_factory=set)
    requests: list[httpx.Request] = field(default_factory=list)

    def mend(self) -> None:
        """Make it a good line again."""
        self.cut, self.answers_lost, self.deaf_to = False, 0, set()

    def batches(self) -> int:
        """Return how many batches of signed messages were sent."""
        return sum(request.url.path == "/v1/batches" for request in self.requests)

    def client(self) -> httpx.AsyncClient:
        """Return a client at the end of the line."""
        return httpx.AsyncClient(transport=_Line(self))


class _Line(httpx.AsyncBaseTransport):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._inner = httpx.ASGITransport(app=wire.gateway)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._wire.cut or any(request.url.path.startswith(path) for path in self._wire.deaf_to):
            raise httpx.ConnectError("cut", request=request)
        self._wire.requests.append(request)
        response = await self._inner.handle_async_request(request)
        if self._wire.answers_lost and request.url.path == "/v1/batches":
            self._wire.answers_lost -= 1
            await response.aread()
            raise httpx.ReadError("lost", request=request)
        return response


@dataclass
class World:
    """A gateway with agency services around it."""

    folder: Path
    database_url: Callable[[str], str]
    gateway: MeshApp
    wire: Wire
    stack: AsyncExitStack
    services: dict[str, Service] = field(default_factory=dict)
    _running: dict[str, AsyncExitStack] = field(default_factory=dict)

    def __getitem__(self, kind: str) -> Client:
        return self.services[kind].client

    async def stop(self, kind: str) -> None:
        """Stop the service of a kind as its server would."""
        await self._running.pop(kind).aclose()

    async def start(self, kind: str, **surroundings: Any) -> Service:
        """Start the service of a kind and sign its partner system in."""
        running = self._running[kind] = AsyncExitStack()
        await self.stack.enter_async_context(running)
        settings = agency_settings(self.folder, self.database_url, kind)
        self.services[kind] = await running.enter_async_context(serving(kind, settings, self.wire, **surroundings))
        return self.services[kind]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Addresses of databases by name: the test runs once on SQLite and once on PostgreSQL."""
    yield from _databases(request, tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """Addresses of databases that the tests of a module have in common: on SQLite, and then on PostgreSQL."""
    yield from _databases(request, tmp_path_factory.mktemp("shared"))


def _databases(request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[[str], str]]:
    if request.param == "sqlite":
        yield partial(copied_file, folder)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    made: dict[str, str] = {}

    def database(name: str) -> str:
        if name not in made:
            made[name] = numbered("agency")
            server.create(made[name], template=template_on(server, name))
        return server.url(made[name])

    yield database
    for name in made.values():
        server.drop(name)


@asynccontextmanager
async def world(
    folder: Path,
    *kinds: str,
    database_url: Callable[[str], str] | None = None,
    enrolled: Sequence[str] = (),
) -> AsyncIterator[World]:
    """Run a gateway and the services of these kinds; others are only in the directory."""
    url = database_url or partial(copied_file, folder)
    settings = gateway_settings(folder, url)
    enrol(settings, (*kinds, *enrolled))
    async with AsyncExitStack() as stack:
        gateway = build_gateway(settings, keys=keys_of("gateway"), passwords=QUICK)
        await stack.enter_async_context(gateway.router.lifespan_context(gateway))
        made = World(folder, url, gateway, Wire(gateway), stack)
        for kind in kinds:
            await made.start(kind)
        yield made


@asynccontextmanager
async def serving(kind: str, settings: AgencySettings, wire: Wire, **surroundings: Any) -> AsyncIterator[Service]:
    """Run one agency service at the end of a line."""
    profile, routes = KINDS[kind]
    secret = add_partner(settings, PARTNER)
    async with wire.client() as line:
        peer = Peer(settings.gateway_url, client=line)
        around = Surroundings(**{"keys": keys_of(kind), "gateway": peer, "passwords": QUICK, **surroundings})
        at_work: list[Practice] = []

        def sector_routers(practice: Practice) -> Sequence[APIRouter]:
            at_work.append(practice)
            routers: Sequence[APIRouter] = routes.sector_routers(practice)
            return routers

        panels = panels_of(kind)
        app = build_app(profile.PROFILE, settings, sector_routers=sector_routers, panels=panels, surroundings=around)
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=f"http://{settings.agency_id}.test") as http,
        ):
            granted = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(PARTNER, secret))
            http.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
            yield Service(app, settings, Client(http), *at_work)


def gateway_settings(folder: Path, database_url: Callable[[str], str]) -> GatewaySettings:
    """Return the gateway's settings; its keys are given to it, as reading a key file is slow by design."""
    return GatewaySettings(
        database_url=database_url("gateway"),
        public_url=GATEWAY_URL,
        key_file=folder / "gateway.keys",
        key_passphrase=PASSPHRASE,
        delivery_enabled=False,
    )


def agency_settings(folder: Path, database_url: Callable[[str], str], kind: str) -> AgencySettings:
    """Return an agency's settings; its keys are given to it as well."""
    return AgencySettings(
        agency_id=agency_id(kind),
        database_url=database_url(kind),
        gateway_url=GATEWAY_URL,
        key_file=folder / f"{kind}.keys",
        key_passphrase=PASSPHRASE,
        webhook_secret=new_webhook_secret(),
        webhook_networks="127.0.0.0/8",
    )


def enrol(settings: GatewaySettings, kinds: tuple[str, ...]) -> None:
    """Put one agency of each kind into the directory; they poll."""
    directory = open_provisioning(settings, keys=keys_of("gateway"))
    try:
        for kind in kinds:
            profile = KINDS[kind][0].PROFILE
            directory.enroll(
                AgencyEnrolment(
                    id=agency_id(kind),
                    name_vi=profile.name.vi,
                    name_en=profile.name.en,
                    sectors=frozenset({profile.sector.value}),
                    areas=frozenset({"38"}),
                    services=profile.services,
                    jwks=keys_of(kind).public_jwks(),
                )
            )
    finally:
        directory.close()


def _headers(named: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in named.items()}


def a_consent(*grants: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a consent request with these grants."""
    return {
        "grantor": "self",
        "age_band": "adult",
        "form": "written_signature",
        "subject_details": {"reference": CANARY},
        "grants": list(grants) or [a_grant("social")],
        **changes,
    }


def a_grant(kind: str, service_type: str = "SOC-01", *, names: Sequence[str] = (), onward: bool = False) -> Any:
    """Return one line of a consent."""
    return {
        "recipients": [agency_id(kind)],
        "service_types": [service_type],
        "compartments": list(names) or list(CASE),
        "onward": onward,
    }


def a_referral(consent: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a request to shelter her."""
    return {
        "service_type": "SOC-01",
        "recipient": agency_id("social"),
        "consent_id": consent["id"],
        "compartments": CASE,
        **changes,
    }


async def consented(health: Client, *grants: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Record a consent and return it as registered."""
    consent: dict[str, Any] = (await health.done("/v1/consents", a_consent(*grants, **changes)))["consent"]
    return consent


async def referred(health: Client, consent: Mapping[str, Any], **changes: Any) -> str:
    """Refer her and return the referral's id."""
    return str((await health.done("/v1/referrals", a_referral(consent, **changes)))["referral"]["referral_id"])


def contents(referral: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is open of a referral, by name."""
    return {part["name"]: part["content"] for part in referral["compartments"] if part["content"] is not None}


def states(referral: Mapping[str, Any]) -> dict[str, str]:
    """Return the state of each compartment."""
    return {part["name"]: part["state"] for part in referral["compartments"]}
