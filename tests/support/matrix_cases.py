"""A gateway with one agency for each role of the matrix, and referrals between them in a wanted state."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Any

from gateway.adapters.tables import REFERRALS
from gateway.domain.credential import AGENCY_SCOPES
from shared.kernel.clock import to_wire
from shared.seal.jws import sign_detached
from shared.seal.tokens import issue_access_token
from tests.support.agency import Agency, Message, Sent, a_grant, to_body
from tests.support.matrix_table import (
    AGENCIES,
    DISABLED_RECIPIENT,
    DISABLED_SENDER,
    DOWNSTREAM,
    GATEWAY,
    NOBODY,
    OVERSIGHT,
    RECIPIENT,
    RECORDER,
    SENDER,
    UPSTREAM,
)
from tests.support.mesh import HEALTH, URL, Mesh, enrolment, keys_of
from tests.support.ticking import a_ticker

SERVICE, STORY = "POL-03", "POL-06"
PARTS: Mapping[str, Any] = {"identity": {}, "contact": {}, "incident": {}, "preferences": {}}
#: Facts by which an event is complete, whichever it is.
FACTS: Mapping[str, Mapping[str, Any]] = {
    "declined": {"reason": "D05"},
    "info_requested": {"question": "other"},
    "scheduled": {"scheduled_from": "2026-12-01T08:00:00.000Z"},
    "on_hold": {"reason": "D05", "review_on": "2026-12-01"},
    "completed": {"outcome": "case_opened"},
    "failed": {"reason": "D05"},
    "sealed": {"result": "sealed"},
    "recorded": {"record_kind": "custody_handover", "record_sha256": "ab" * 32},
    "closed": {"survivor_told": True},
}
_TAKEN = [(RECIPIENT, "acknowledged"), (RECIPIENT, "accepted")]
_AT_WORK = [*_TAKEN, (RECIPIENT, "started")]
#: How a referral comes into each state by what its parties report; into the rest it is brought otherwise.
PATHS: Mapping[str, Sequence[tuple[str, str]]] = {
    "sent": [],
    "acknowledged": [(RECIPIENT, "acknowledged")],
    "info_requested": [(RECIPIENT, "acknowledged"), (RECIPIENT, "info_requested")],
    "accepted": _TAKEN,
    "scheduled": [*_TAKEN, (RECIPIENT, "scheduled")],
    "in_progress": _AT_WORK,
    "on_hold": [*_AT_WORK, (RECIPIENT, "on_hold")],
    "unreached": [*_TAKEN, (RECIPIENT, "contact_attempted")],
    "completed": [*_AT_WORK, (RECIPIENT, "completed")],
    "declined": [(RECIPIENT, "acknowledged"), (RECIPIENT, "declined")],
    "failed": [*_AT_WORK, (RECIPIENT, "failed")],
    "cancelled": [(SENDER, "cancelled")],
    "withdrawn": [(SENDER, "withdrawn")],
    "closed": [*_AT_WORK, (RECIPIENT, "completed"), (SENDER, "closed")],
    "entered_in_error": [(SENDER, "entered_in_error")],
}
BATCH = 90
UNHEARD_FOR = timedelta(hours=13)  # three times what the service has to acknowledge
PLACES = 90


class WithoutToken(Agency):
    """Whoever has an agency's keys, but no token."""

    async def _bearer(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class Posted:
    """A signed message on its way: where to, what, with which halves."""

    path: str
    message: Message
    hub_shares: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """Her consent, what was referred under it before the referral in question, that one, and what follows it."""

    consent: Message
    before: Sent
    sent: Sent
    lease_id: str | None = None


def name_of(role: str) -> str:
    """The id of the agency in a role."""
    return f"{role}-th"


class Cast:
    """Everybody of the matrix, at one gateway."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        known = mesh[HEALTH]
        directory: Any = mesh.agencies
        names = [name_of(role) for role in AGENCIES]
        mesh.provision(lambda desk: [desk.enroll(enrolment(name, "police", "POL-")) for name in names])
        directory |= {name: replace(known, id=name, keys=keys_of(name), _tokens={}) for name in names}
        self._players = {role: mesh[name_of(role)] for role in AGENCIES}
        sender, recipient = self[SENDER], self[RECIPIENT]
        self._players |= {OVERSIGHT: mesh.oversight, DISABLED_SENDER: sender, DISABLED_RECIPIENT: recipient}
        self._players[GATEWAY] = replace(known, id="gateway", keys=keys_of("gateway"), _tokens={})
        given = {name: getattr(recipient, name) for name in ("id", "keys", "http", "clock", "ids", "sop", "directory")}
        self._players[NOBODY] = WithoutToken(**given)

    def __getitem__(self, role: str) -> Agency:
        return self._players[role]

    def stands_for_the_gateway(self) -> None:
        """Give the gateway's role a token that the gateway itself could have made."""
        at = self.mesh.clock.now()
        token = issue_access_token(
            keys_of("gateway").signing,
            issuer=URL,
            audience=URL,
            subject="gateway",
            scopes=sorted(AGENCY_SCOPES),
            at=at,
            jti=self[GATEWAY].ids.new(),
        )
        self[GATEWAY]._tokens[None] = (at + timedelta(minutes=4), token)

    # Referrals.

    async def a_case(self, *, whole: bool) -> Case:
        """Refer from the recorder over two agencies; `whole`: with a lease, a statement and a referral onward."""
        everybody = [name_of(role) for role in (UPSTREAM, SENDER, RECIPIENT, DOWNSTREAM)]
        grant = a_grant(*everybody, services=[SERVICE, STORY], compartments=list(PARTS), onward=True)
        consent = await self[RECORDER].record_consent(grant)
        first = await self._refer(RECORDER, UPSTREAM, consent, None)
        service = {"service_type": STORY, "facts": {"needs_check_done": True}} if whole else {}
        before = await self._refer(UPSTREAM, SENDER, consent, first, **service)
        lease_id = None
        if whole:
            await self[SENDER].reported(before, "acknowledged", "accepted", "started")
            await self[SENDER].reported(before, "completed", outcome="statement_taken")
            lease_id = await self._lease()
        case = Case(consent, before, await self.again(consent, before, lease_id), lease_id)
        if whole:
            await self.onward(case)
        return case

    async def again(self, consent: Message, before: Sent, lease_id: str | None = None) -> Sent:
        """Refer once more from the sender to the recipient, under the same consent and parent."""
        facts = {"lease_id": lease_id} if lease_id else {}
        return await self._refer(SENDER, RECIPIENT, consent, before, facts=facts)

    async def onward(self, case: Case) -> Sent:
        """Refer on from the recipient."""
        return await self._refer(RECIPIENT, DOWNSTREAM, case.consent, case.sent)

    async def _refer(self, by: str, to: str, consent: Message, parent: Sent | None, **changes: Any) -> Sent:
        chain = {"chain_id": parent.message["chain_id"], "parent_id": parent.id} if parent else {}
        given = {"service_type": SERVICE, "urgency": "prompt", "plaintexts": PARTS, **chain, **changes}
        sent = await self[by].refer(name_of(to), consent, **given)
        assert sent.answer.status_code == 202, sent.answer.text
        return sent

    async def _lease(self) -> str:
        stated = {"service_type": SERVICE, "accepting": True, "capacity": PLACES, "staff_genders": [], "languages": []}
        name = name_of(RECIPIENT)
        answer = await self[RECIPIENT].call("PUT", f"/v1/agencies/{name}/availability", json=stated)
        assert answer.status_code == 204, answer.text
        wanted = {"agency": name, "service_type": SERVICE, "minutes": 30}
        answer = await self[SENDER].call("POST", "/v1/leases", json=wanted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["lease_id"])

    # Into a state.

    async def bring(self, cases: Sequence[Case], state: str) -> None:
        """Bring the referrals of all cases into a state, by whoever may."""
        if state == "delivered":
            await self[RECIPIENT].take_in()
        elif state == "revoked":
            for consent in {case.consent["id"]: case.consent for case in cases}.values():
                answer = await self[RECORDER].revoke(consent, recipients=[name_of(RECIPIENT)])
                assert answer.status_code == 202, answer.text
        elif state == "expired":
            self.mesh.advance(UNHEARD_FOR)
            async with a_ticker(self.mesh) as ticker:
                await ticker.look()
        else:
            await self._walk(cases, PATHS[state])
        states = {row["referral_id"]: row["state"] for row in self.mesh.rows(REFERRALS)}
        assert {states[case.sent.id] for case in cases} == {state}

    async def _walk(self, cases: Sequence[Case], path: Sequence[tuple[str, str]]) -> None:
        for role, steps in groupby(path, key=lambda step: step[0]):
            items = [self.event(role, case.sent, event) for _, event in steps for case in cases]
            for result in await self.batch(role, items):
                assert result["status"] == 202, result

    async def disable(self) -> None:
        """Let the operator disable both parties, and wait until the gateway has heard of it."""
        names = [self[role].id for role in (SENDER, RECIPIENT) if await self[role].token()]
        await asyncio.to_thread(self.mesh.provision, lambda desk: [desk.disable(name) for name in names])
        async with asyncio.timeout(10):
            while (await self[RECIPIENT].get("/v1/referrals")).status_code == 200:
                await asyncio.sleep(0.2)

    # Messages.

    def event(self, role: str, sent: Sent, type: str) -> Posted:
        """An event with all it needs."""
        message = self[role].event_message(sent, type, **FACTS.get(type, {}))
        return Posted(f"/v1/referrals/{sent.id}/events", message, {})

    def opening(self, role: str, sent: Sent) -> Posted:
        """Ask for what waits for the recipient's yes."""
        asked = {"referral_id": sent.id, "compartments": ["identity"], "actor": "staff-1", "reason": "service_delivery"}
        return Posted(f"/v1/referrals/{sent.id}/openings", self[role].head("opening", **asked), {})

    def note(self, role: str, sent: Sent) -> Posted:
        """A note to the other party."""
        message, shares = self[role].note_message(sent, "An invented note.")
        return Posted(f"/v1/referrals/{sent.id}/notes", message, shares)

    def referral(self, role: str, case: Case, *, parent: bool) -> Posted:
        """A referral in the chain, from this referral or from none."""
        recipient = name_of(DOWNSTREAM if role == UPSTREAM else UPSTREAM)
        basis = {"kind": "consent", "consent_id": case.consent["id"]}
        message, shares = self[role].referral_message(
            recipient,
            basis,
            subject=case.consent["subject"],
            service_type=SERVICE,
            urgency="prompt",
            plaintexts=PARTS,
            chain_id=case.sent.message["chain_id"],
            parent_id=case.sent.id if parent else None,
        )
        return Posted("/v1/referrals", message, shares)

    def revocation(self, role: str, case: Case) -> Posted:
        """The survivor's word that she takes everything back."""
        facts = {"consent_id": case.consent["id"], "recipients": None, "compartments": None, "by": "survivor"}
        return Posted(f"/v1/consents/{case.consent['id']}/revocations", self[role].head("revocation", **facts), {})

    async def batch(self, role: str, items: Sequence[Posted]) -> list[dict[str, Any]]:
        """Post signed messages, many in one call, and return what became of each."""
        results: list[dict[str, Any]] = []
        for start in range(0, len(items), BATCH):
            asked = {"items": [_item(self[role], posted) for posted in items[start : start + BATCH]]}
            answer = await self[role].call("POST", "/v1/batches", json=asked)
            assert answer.status_code == 200, answer.text
            results += answer.json()["results"]
        return results


def _item(agency: Agency, posted: Posted) -> dict[str, Any]:
    body = to_body(posted.message)
    signature = sign_detached(body, agency.keys.signing)
    kind, shares = posted.message["kind"], dict(posted.hub_shares)
    return {"kind": kind, "body": body.decode(), "signature": signature, "hub_shares": shares}


def stated_act(agency: Agency) -> dict[str, str]:
    """What a member of staff states of an override."""
    return {"at": to_wire(agency.clock.now()), "actor": "staff-9"}


def mentions(body: Any, referral_id: str) -> bool:
    """Say whether an answer shows a referral, or an entry of the ledger about it; to name it as a parent is neither."""
    text = json.dumps(body, separators=(",", ":")).replace("\\", "")  # a leaf is text within text
    return f'"referral_id":"{referral_id}"' in text
