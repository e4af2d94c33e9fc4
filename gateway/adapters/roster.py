"""The directory in memory, for authentication only: who may call, and with which keys.

Every decision about a message reads the directory again in its own transaction; what is here may be
up to `STALE_SECONDS` old, except that a client that is unknown or disabled is looked up at once, and so is one that
uses a key it was not known to have: another process may just have published it.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from gateway.adapters.rows import agency_of, fetch
from gateway.adapters.tables import AGENCIES, OVERSIGHT_CLIENTS
from gateway.domain.agency import Agency
from gateway.domain.credential import AGENCY_SCOPES
from shared.kernel.errors import InputRejected, NotAuthenticated, NotPermitted
from shared.seal.signing import KeyRing
from shared.storage.engine import read

STALE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Client:
    """One client of the gateway: an agency, or a body of oversight (`agency` None).

    `kids` name its keys, and None among them is what a message claims that names no key: nothing to look up.
    """

    id: str
    ring: KeyRing
    kids: frozenset[str | None]
    scopes: frozenset[str]
    agency: Agency | None
    is_active: bool


class Roster:
    """All clients, re-read when they may have changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._clients: dict[str, Client] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def client(self, client_id: str) -> Client | None:
        """Return a client, from memory when that is fresh enough."""
        known = self._fresh(client_id)
        if known is None:
            await self._refresh()
        return known or self._clients.get(client_id)

    async def active(self, client_id: str, *, kids: Sequence[str | None] = ()) -> Client:
        """Return an active client. A key of `kids` that it is not known to have is looked up at once.

        Raises `NotAuthenticated` (`client.unknown`) or `NotPermitted` (`agency.disabled`).
        """
        client = self._fresh(client_id) or await self.client(client_id)
        if client is not None and not client.kids.issuperset(kids):
            await self._refresh()
            client = self._clients.get(client_id)
        if client is None:
            raise NotAuthenticated("client.unknown", "No such client. Ask the mesh's operator to enrol it.")
        if not client.is_active:
            raise NotPermitted(
                "agency.disabled", "This agency is not active in the directory. Ask the mesh's operator."
            )
        return client

    async def ring(self, agency_id: str, *, kids: Sequence[str | None] = ()) -> KeyRing:
        """Return the verification keys of an active client, those of `kids` for certain among them if it has them."""
        return (await self.active(agency_id, kids=kids)).ring

    def _fresh(self, client_id: str) -> Client | None:
        client = self._clients.get(client_id)
        is_fresh = client is not None and client.is_active and time.monotonic() - self._read_at <= STALE_SECONDS
        return client if is_fresh else None

    async def _refresh(self) -> None:
        asked_at = time.monotonic()
        async with self._reading:
            if self._read_at < asked_at:  # nobody began to read while we waited
                began = time.monotonic()  # who asks while this reads may ask about what it does not see
                self._clients = await asyncio.to_thread(self._read, self._clients)
                self._read_at = began

    def _read(self, known: dict[str, Client]) -> dict[str, Client]:
        with read(self._engine) as connection:
            agencies = [agency_of(row) for row in fetch(connection, select(AGENCIES))]
            oversight = fetch(connection, select(OVERSIGHT_CLIENTS))
        clients = {agency.id: _agency_client(agency, known.get(agency.id)) for agency in agencies}
        for row in oversight:
            clients[row["id"]] = _client(row["id"], KeyRing.from_jwks(row["jwks"]), frozenset(row["scopes"]), None)
        return clients


def _client(client_id: str, ring: KeyRing, scopes: frozenset[str], agency: Agency | None) -> Client:
    kids = frozenset([None, *(key.kid for key in ring)])
    return Client(client_id, ring, kids, scopes, agency, is_active=agency is None or agency.is_active)


def _agency_client(agency: Agency, known: Client | None) -> Client:
    if known is not None and known.agency is not None and known.agency.revision == agency.revision:
        return known
    return _client(agency.id, signature_ring(agency), AGENCY_SCOPES, agency)


def signature_ring(agency: Agency) -> KeyRing:
    """Return an agency's verification keys; one whose keys cannot be read has none, and fails every check."""
    try:
        return KeyRing.from_jwks(agency.jwks)
    except InputRejected:
        return KeyRing()
