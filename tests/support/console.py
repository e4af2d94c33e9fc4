"""A gateway with people of oversight in front of it, and a chain with everything in it that they look for."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.people.records import Role
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, POLICE, SHELTER_HOUSE, SOCIAL, Mesh
from tests.support.overrides import overridden
from tests.support.page_client import Page, PageClient, somebody

PARTS: Mapping[str, Any] = {name: {} for name in ("contact", "safety", "preferences", "dependants")}
ROOMS = (
    "", "/chains", "/refusals", "/overrides", "/withdrawals", "/deliveries", "/ledger", "/indicators", "/clocks",
    "/readings",
)  # fmt: skip


@dataclass
class Story:
    """A chain of two referrals that was refused once and taken back, and a disclosure without consent beside it."""

    first: Sent
    second: Sent
    consent: Message
    override: Sent

    @property
    def chain(self) -> str:
        """The path of the chain's page."""
        return f"/console/chains/{self.first.id}"


async def told(mesh: Mesh) -> Story:
    """Health refers to social, social on to the shelter; one is refused, she takes it back; police without her."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL, onward=True), a_grant(SHELTER_HOUSE, onward=False))
    first = await mesh[HEALTH].refer(SOCIAL, consent)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(first, "acknowledged", "accepted")
    second = await mesh[SOCIAL].refer(SHELTER_HOUSE, consent, chain_id=first.id, parent_id=first.id, plaintexts=PARTS)
    await mesh[SHELTER_HOUSE].take_in()
    refused = await mesh[HEALTH].refer(SOCIAL, consent, subject=mesh[HEALTH].ids.new())
    assert refused.answer.status_code == 403, refused.answer.text
    assert (await mesh[HEALTH].revoke(consent)).status_code == 202
    return Story(first, second, consent, await overridden(mesh[HEALTH], POLICE))


async def auditor(mesh: Mesh, **details: Any) -> PageClient:
    """Somebody who reads."""
    return await somebody(mesh.app, Role.AUDITOR, **details)


async def coordinator(mesh: Mesh, **details: Any) -> PageClient:
    """Somebody who reads and reviews."""
    return await somebody(mesh.app, Role.COORDINATOR, **details)


async def opened(client: PageClient, path: str) -> Page:
    """Open a page that must be there."""
    page = await client.get(path)
    assert (page.status, page.path == "/sign-in") == (200, False), (path, page.status, page.text[:2000])
    return page


def tamper(mesh: Mesh, statement: str, *values: Any) -> int:
    """Do what somebody can who owns the database: take the fence away, change a row behind the gateway's back."""
    with sqlite3.connect(mesh.settings.database_url.removeprefix("sqlite:///")) as connection:
        for act in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS only_appends_{act}_ledger_entries")
        return connection.execute(statement, values).rowcount
