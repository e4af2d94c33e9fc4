"""Disclosures without consent at the real gateway: sent, confirmed, told, reviewed, watched over."""

from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.adapters.bell import Bell
from gateway.adapters.duties import overrides
from gateway.adapters.tables import LEDGER_ENTRIES
from gateway.adapters.watch import Watch
from gateway.bootstrap import open_watch
from shared.kernel.clock import to_wire
from shared.sop.model import LegalBasisKind
from tests.support.agency import Agency, Sent
from tests.support.mesh import Mesh
from tests.support.ticking import beside

APPROVER = "duty-1"
SERVICE = "POL-02"
#: What POL-02 needs, as far as break-glass carries it; a duty under a law carries less.
CASE: Mapping[str, Any] = {"identity": {}, "contact": {}, "safety": {}, "incident": {}, "preferences": {}}
BREAK_GLASS: Mapping[str, Any] = {
    "kind": "vital_interest",
    "article": "Law 91/2025 Art 19",
    "approver": APPROVER,
    "notify_unsafe": False,
}

LAW: Mapping[str, Any] = {**BREAK_GLASS, "kind": "legal_obligation", "article": "Decree 56/2017 Art 20"}


def a_basis(**changes: Any) -> dict[str, Any]:
    """Break-glass, or another ground."""
    return {**BREAK_GLASS, **changes}


async def overridden(sender: Agency, recipient: str, basis: Mapping[str, Any] = BREAK_GLASS, **changes: Any) -> Sent:
    """Refer without consent, and see it admitted."""
    sent = await try_override(sender, recipient, basis, **changes)
    assert sent.answer.status_code == 202, sent.answer.text
    return sent


async def try_override(sender: Agency, recipient: str, basis: Mapping[str, Any] = BREAK_GLASS, **changes: Any) -> Sent:
    """Refer without consent."""
    maximum = {name.value for name in sender.sop.legal_bases[LegalBasisKind(basis["kind"])].maximum}
    carried = {name: content for name, content in CASE.items() if name in maximum}
    given = {"subject": sender.ids.new(), "service_type": SERVICE, "plaintexts": carried, **changes}
    message, shares = sender.referral_message(recipient, dict(basis), **given)
    answer = await sender.post("/v1/referrals", message, hub_shares=shares)
    return Sent(message, shares, answer, given["plaintexts"])


async def confirm(agency: Agency, sent: Sent, *, actor: str = "duty-2", **changes: Any) -> httpx.Response:
    """State that a second person stands up for it."""
    return await _state(agency, sent, "confirmations", {"actor": actor, **changes})


async def tell(agency: Agency, sent: Sent, *, actor: str = "worker-3", **changes: Any) -> httpx.Response:
    """State that she was told."""
    return await _state(agency, sent, "told", {"actor": actor, **changes})


async def _state(agency: Agency, sent: Sent, what: str, body: Mapping[str, Any]) -> httpx.Response:
    stated = {"at": to_wire(agency.clock.now()), **body}
    return await agency.call("POST", f"/v1/overrides/{sent.id}/{what}", json=stated)


async def review(body: Agency, sent: Sent, outcome: str = "justified", *measures: str) -> httpx.Response:
    """Review it."""
    found = {"outcome": outcome, "measures": list(measures)}
    return await body.call("POST", f"/v1/overrides/{sent.id}/reviews", json=found)


async def queue(reader: Agency, **wanted: Any) -> list[dict[str, Any]]:
    """What a reader sees of the queue."""
    answer = await reader.get("/v1/overrides", **wanted)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def queued(reader: Agency, sent: Sent) -> dict[str, Any]:
    """One override as it stands in the queue."""
    (found,) = [item for item in await queue(reader) if item["referral_id"] == sent.id]
    return found


@asynccontextmanager
async def a_watch(mesh: Mesh) -> Any:
    """A watch that is a process of its own, as far as the database can tell."""
    core = beside(mesh)
    try:
        yield open_watch(core, overrides(), Bell())
    finally:
        core.close()


async def watched(mesh: Mesh) -> int:
    """Look once, and say how much was ended."""
    async with a_watch(mesh) as watch:
        assert isinstance(watch, Watch)
        return await watch.look()


def acts(mesh: Mesh, sent: Sent) -> list[str]:
    """What the ledger says was done about it, in its order."""
    rows = [row for row in mesh.rows(LEDGER_ENTRIES) if row["kind"] == "override" and row["referral_id"] == sent.id]
    return [str(row["code"]) for row in sorted(rows, key=lambda row: int(row["idx"]))]


async def detail(agency: Agency, sent: Sent) -> dict[str, Any]:
    """The referral as a party sees it."""
    return dict((await agency.get(f"/v1/referrals/{sent.id}")).json())
