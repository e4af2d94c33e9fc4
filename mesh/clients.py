"""Clients of a running mesh: the body of oversight at the gateway, a partner system at its agency service."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from mesh.home import SELF, Home
from mesh.refusal import CommandRefused
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.keys import SigningKey
from shared.transport.gateway_client import GatewayClient
from shared.transport.peer import Peer, Reply


def credentials_of(home: Home) -> dict[str, Any]:
    """Return the credentials of a home. Raises `CommandRefused` before its first start."""
    credentials = home.credentials()
    if credentials is None:
        raise CommandRefused(f"{home.root} holds no mesh yet. Start one: {SELF} up --home {home.root}")
    return credentials


def oversight_client(credentials: Mapping[str, Any]) -> GatewayClient:
    """Return a client that calls the gateway as the body of oversight; close it after use."""
    clock = SystemClock()
    known = credentials["oversight"]
    return GatewayClient(
        Peer(credentials["gateway"]),
        agency_id=known["client_id"],
        signing_key=SigningKey.from_private_jwk(known["private_jwk"]),
        clock=clock,
        ids=Uuid7Factory(clock),
    )


class Partner:
    """A partner system at its own agency service: a client secret for a token, then plain REST."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self.url = credentials["url"]
        self._login = b64encode(
            f"{quote(credentials['client_id'])}:{quote(credentials['client_secret'])}".encode()
        ).decode()
        self._peer = Peer(self.url)
        self._token: str | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._peer.close()

    async def get(self, path: str, *, reason: str | None = None, params: Mapping[str, str | int] | None = None) -> Any:
        """Fetch a document; `reason` says why a case is looked at (`Access-Reason`)."""
        headers = {"access-reason": reason} if reason else {}
        return (await self._call("GET", path, params=params, headers=headers)).json()

    async def post(self, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Post a document and return the answer. Raises what the service answered."""
        return (await self._call("POST", path, content=json.dumps(document or {}).encode())).json()

    async def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        token = self._token or await self._sign_in()
        authorised = {**(headers or {}), "authorization": f"Bearer {token}"}
        return await self._peer.call(method, path, content=content, params=params, headers=authorised)

    async def _sign_in(self) -> str:
        form = urlencode({"grant_type": "client_credentials"}).encode()
        headers = {"authorization": f"Basic {self._login}", "content-type": "application/x-www-form-urlencoded"}
        reply = await self._peer.call("POST", "/oauth/token", content=form, headers=headers)
        self._token = str(reply.document()["access_token"])
        return self._token
