"""Withdrawals against the real gateway: consents with holders down a line, and what is read of them afterwards."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.adapters.bell import Bell
from gateway.adapters.duties import withdrawals
from gateway.bootstrap import open_core, open_watch
from tests.support.agency import Agency, Message, Sent, a_grant
from tests.support.mesh import HEALTH, SHELTER_HOUSE, SOCIAL, Mesh, keys_of

PARTS: Mapping[str, Any] = {"contact": {}, "safety": {}, "preferences": {}, "dependants": {}}
EVIDENCE: Mapping[str, Any] = {"contact": {}, "preferences": {}, "safety": {}, "incident": {}, "identity": {}}


async def taken_in(mesh: Mesh, sent: Sent) -> list[Message]:
    """Let the recipient of a referral take in what waits for it, and accept."""
    assert sent.answer.status_code == 202, sent.answer.text
    holder = mesh[sent.message["recipient"]]
    items = await holder.take_in()
    await holder.reported(sent, "acknowledged", "accepted")
    return items


async def a_line(mesh: Mesh) -> tuple[Message, Message, Sent, Sent]:
    """Health refers to social; social derives a consent for the shelter and refers on. Both have accepted."""
    consent = await mesh[HEALTH].record_consent(
        a_grant(SOCIAL, onward=True), a_grant(SHELTER_HOUSE, compartments=list(PARTS))
    )
    first = await mesh[HEALTH].refer(SOCIAL, consent)
    await taken_in(mesh, first)
    derived = await derive(mesh[SOCIAL], consent, a_grant(SHELTER_HOUSE, compartments=list(PARTS)))
    second = await onward(mesh[SOCIAL], SHELTER_HOUSE, derived, first)
    await taken_in(mesh, second)
    return consent, derived, first, second


async def derive(deriver: Agency, parent: Message, *grants: Message) -> Message:
    """Record a consent derived from another, for its whole time."""
    times = {name: parent[name] for name in ("valid_from", "valid_to")}
    return await deriver.record_consent(*grants, subject=parent["subject"], derived_from=parent["id"], **times)


async def onward(
    sender: Agency, recipient: str, consent: Message, parent: Sent, plaintexts: Mapping[str, Any] = PARTS
) -> Sent:
    """Refer on from a referral."""
    chain = {"chain_id": parent.message["chain_id"], "parent_id": parent.id}
    return await sender.refer(recipient, consent, plaintexts=plaintexts, **chain)


async def taken_back(by: Agency, consent: Message, *, word: str = "survivor", **scope: Any) -> Any:
    """Report a revocation and return the response."""
    facts = {"consent_id": consent["id"], "recipients": None, "compartments": None, "by": word, **scope}
    return await by.post(f"/v1/consents/{consent['id']}/revocations", by.head("revocation", **facts))


async def propagation(reader: Agency, consent: Message) -> dict[str, Any]:
    """Return how far a withdrawal has come."""
    answer = await reader.get(f"/v1/consents/{consent['id']}/propagation")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def results(reader: Agency, consent: Message) -> dict[str, str]:
    """Return what each holder is shown as."""
    return {one["agency"]: one["result"] for one in (await propagation(reader, consent))["holders"]}


async def certificate(reader: Agency, consent: Message) -> dict[str, Any]:
    """Return the signed certificate of a withdrawal."""
    answer = await reader.get(f"/v1/consents/{consent['id']}/certificate")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def notices_of(items: Sequence[Message], type: str) -> list[dict[str, Any]]:
    """Return the notices of a type among delivered items."""
    bodies = [json.loads(item["body"]) for item in items if item["kind"] == "notice"]
    return [body for body in bodies if body["type"] == type]


async def chased(mesh: Mesh) -> int:
    """Let another process of the gateway look once whether any answer is late; return how many limits it spoke of."""
    core = open_core(mesh.settings, clock=mesh.clock, keys=keys_of("gateway"))
    try:
        return await open_watch(core, withdrawals(core.sop), Bell()).look()
    finally:
        core.close()
