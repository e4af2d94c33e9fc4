"""Agency services in a row on one gateway, all real, in one process: she is referred from each to the next."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gateway.bootstrap import build_app as build_gateway
from gateway.bootstrap import open_provisioning
from gateway.domain.agency import AgencyEnrolment
from gateway.settings import GatewaySettings
from services.social.profile import PROFILE
from services.social.routes import sector_routers
from shared.agency.chassis import Surroundings, build_app
from shared.agency.profile import AgencyProfile
from shared.agency.provisioning import add_partner
from shared.agency.settings import AgencySettings
from shared.transport.peer import Peer
from shared.transport.webhooks import new_webhook_secret
from shared.web.factory import MeshApp
from tests.support.agency_services import CASE, GATEWAY_URL, PARTNER, PASSPHRASE, Client, Wire, a_consent, keys_of

SERVICE = "SOC-01"


def hop_id(place: int) -> str:
    """The id of the agency at a place of the chain."""
    return f"hop-{place}-test"


@dataclass
class Chain:
    """A gateway, the services that run in a row, and their partner systems."""

    folder: Path
    database_url: Callable[[str], str]
    gateway: MeshApp
    wire: Wire
    profiles: Sequence[AgencyProfile]
    clients: dict[int, Client] = field(default_factory=dict)
    _running: dict[int, AsyncExitStack] = field(default_factory=dict)

    def __getitem__(self, place: int) -> Client:
        return self.clients[place]

    @property
    def last(self) -> int:
        """The place at the end of the chain."""
        return len(self.profiles) - 1

    async def start(self, place: int) -> None:
        """Start the service at a place."""
        running = self._running[place] = AsyncExitStack()
        line = await running.enter_async_context(self.wire.client())
        settings = _settings(self.folder, self.database_url, hop_id(place))
        around = Surroundings(keys=keys_of(hop_id(place)), gateway=Peer(GATEWAY_URL, client=line))
        app = build_app(self.profiles[place], settings, sector_routers=sector_routers, surroundings=around)
        secret = await asyncio.to_thread(add_partner, settings, PARTNER)
        await running.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app=app)
        http = await running.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url=f"http://{hop_id(place)}.test")
        )
        granted = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(PARTNER, secret))
        http.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        self.clients[place] = Client(http)

    async def stop(self, place: int) -> None:
        """Stop the service at a place as its server would."""
        await self._running.pop(place).aclose()

    async def stop_all(self) -> None:
        """Stop every service that runs."""
        for place in list(self._running):
            await self.stop(place)

    async def referred(self) -> tuple[Mapping[str, Any], list[str]]:
        """Refer her from each agency to the next under one consent; all accept and open all. Consent and referrals."""
        grant = {
            "recipients": [hop_id(place) for place in range(1, self.last + 1)],
            "service_types": [SERVICE],
            "compartments": list(CASE),
            "onward": True,
        }
        consent = (await self[0].done("/v1/consents", a_consent(grant)))["consent"]
        referrals: list[str] = []
        for place in range(1, self.last + 1):
            request = {
                "service_type": SERVICE,
                "recipient": hop_id(place),
                "consent_id": consent["id"],
                "compartments": CASE,
            }
            path = f"/v1/referrals/{referrals[-1]}/onward" if referrals else "/v1/referrals"
            sent = await self[place - 1].done(path, request)
            referrals.append(sent["referral"]["referral_id"])
            await self._accepted(place, referrals[-1])
        return consent, referrals

    async def _accepted(self, place: int, referral_id: str) -> None:
        client = self[place]
        await client.until(referral_id, lambda seen: seen["state"] == "delivered")
        await client.done(f"/v1/referrals/{referral_id}/acknowledge", {})
        await client.done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7"})
        await client.until(referral_id, _all_open, query="")

    async def taken_back(self, consent: Mapping[str, Any], *, at: int = 0) -> float:
        """Report that she takes the consent back; return when that was."""
        began = time.perf_counter()
        await self[at].done(f"/v1/consents/{consent['id']}/revocations", {"by": "survivor"})
        return began

    async def propagation(self, consent: Mapping[str, Any], *, at: int = 0) -> dict[str, Any]:
        """How far the withdrawal has come."""
        response = await self[at].get(f"/v1/consents/{consent['id']}/propagation")
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def outstanding(self, consent: Mapping[str, Any], *, until: set[str]) -> dict[str, Any]:
        """Wait until exactly these agencies still owe their answer; return the propagation then."""
        async with asyncio.timeout(30):
            while True:
                found = await self.propagation(consent)
                owing = {one["agency"] for one in found["holders"] if one["answered_at"] is None}
                if owing == until:
                    return found
                await asyncio.sleep(0.02)


@asynccontextmanager
async def a_chain(
    folder: Path,
    hops: int,
    *,
    database_url: Callable[[str], str] | None = None,
    profiles: Mapping[int, AgencyProfile] | None = None,
) -> AsyncIterator[Chain]:
    """Run a gateway and `hops` + 1 agency services, each of social work unless `profiles` says otherwise."""
    url = database_url or (lambda name: f"sqlite:///{folder / name}.db")
    kinds = [(profiles or {}).get(place, PROFILE) for place in range(hops + 1)]
    settings = GatewaySettings(
        database_url=url("gateway"),
        public_url=GATEWAY_URL,
        key_file=folder / "gateway.keys",
        key_passphrase=PASSPHRASE,
        delivery_enabled=False,
    )
    _enrol(settings, kinds)
    gateway = build_gateway(settings, keys=keys_of("gateway"))
    async with gateway.router.lifespan_context(gateway):
        chain = Chain(folder, url, gateway, Wire(gateway), kinds)
        try:
            for place in range(hops + 1):
                await chain.start(place)
            yield chain
        finally:
            await chain.stop_all()


def _enrol(settings: GatewaySettings, profiles: Sequence[AgencyProfile]) -> None:
    directory = open_provisioning(settings, keys=keys_of("gateway"))
    try:
        for place, profile in enumerate(profiles):
            directory.enroll(
                AgencyEnrolment(
                    id=hop_id(place),
                    name_vi=f"Nơi số {place}",
                    name_en=f"Place {place}",
                    sectors=frozenset({profile.sector.value}),
                    areas=frozenset({"38"}),
                    services=profile.services,
                    jwks=keys_of(hop_id(place)).public_jwks(),
                )
            )
    finally:
        directory.close()


def _settings(folder: Path, database_url: Callable[[str], str], agency_id: str) -> AgencySettings:
    return AgencySettings(
        agency_id=agency_id,
        database_url=database_url(agency_id),
        gateway_url=GATEWAY_URL,
        key_file=folder / f"{agency_id}.keys",
        key_passphrase=PASSPHRASE,
        webhook_secret=new_webhook_secret(),
    )


def _all_open(seen: Mapping[str, Any]) -> bool:
    return seen["state"] == "accepted" and all(part["state"] == "opened" for part in seen["compartments"])
