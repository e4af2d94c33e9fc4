"""An agency as the outside sees one: keys, a token, signed messages, an inbox; `shared.seal` and HTTP, no more."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from shared.kernel.clock import Clock, to_wire
from shared.kernel.identifiers import IdFactory
from shared.seal.compartments import encode_hub_shares, open_compartment, open_shares, seal
from shared.seal.jws import sign_compact, sign_detached
from shared.seal.keys import AgencyKeys, EncryptionPublicKey
from shared.seal.tokens import make_assertion

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: SOC-01 needs these; identity opens on acceptance.
SHELTER: Mapping[str, Any] = {"contact": {}, "safety": {}, "preferences": {}, "dependants": {}, "identity": {}}
Message = dict[str, Any]


@dataclass
class Sent:
    """A referral as it was sent: the message, the gateway's halves, and what came back."""

    message: Message
    hub_shares: Mapping[str, str]
    answer: httpx.Response
    plaintexts: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The referral's id."""
        return str(self.message["id"])


@dataclass
class Agency:
    """One agency, or a body of oversight, that talks to the gateway at the client's base URL."""

    id: str
    keys: AgencyKeys
    http: httpx.AsyncClient
    clock: Clock
    ids: IdFactory
    sop: Any
    directory: Mapping[str, "Agency"]
    _tokens: dict[str | None, tuple[Any, str]] = field(default_factory=dict)

    # Tokens.

    def assertion(self, **changes: Any) -> str:
        """A client assertion (RFC 7523) as the wire contract wants it, or changed."""
        claims = {
            "client_id": self.id,
            "audience": f"{str(self.http.base_url).rstrip('/')}/oauth/token",
            "at": self.clock.now(),
            "jti": self.ids.new(),
        }
        return make_assertion(self.keys.signing, **{**claims, **changes})

    async def ask_token(self, *, scope: str | None = None, **changes: Any) -> httpx.Response:
        """Ask for a token; `changes` go into the form."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": changes.pop("client_assertion", None) or self.assertion(),
            **({"scope": scope} if scope else {}),
            **changes,
        }
        return await self.http.post("/oauth/token", data=form)

    async def token(self, scope: str | None = None) -> str:
        """A token that is good for another minute."""
        known = self._tokens.get(scope)
        if known is None or known[0] < self.clock.now():
            answer = await self.ask_token(scope=scope)
            assert answer.status_code == 200, answer.text
            known = self.clock.now() + timedelta(seconds=240), answer.json()["access_token"]
            self._tokens[scope] = known
        return known[1]

    # Calls.

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """Read something."""
        given = {name.rstrip("_"): value for name, value in params.items()}
        return await self.http.get(path, params=given, headers=await self._bearer())

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call anything, with the token."""
        headers = {**await self._bearer(), **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def post(
        self,
        path: str,
        message: Message | bytes,
        *,
        hub_shares: Mapping[str, str] | None = None,
        signer: AgencyKeys | None = None,
        signature: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Post a signed message."""
        body = message if isinstance(message, bytes) else to_body(message)
        sent = {
            **await self._bearer(),
            "Content-Type": "application/json",
            "Referral-Signature": signature or sign_detached(body, (signer or self.keys).signing),
            **({"Hub-Shares": encode_hub_shares(hub_shares)} if hub_shares else {}),
            **(headers or {}),
        }
        return await self.http.post(path, content=body, headers=sent)

    async def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token()}"}

    # Messages.

    def head(self, kind: str, **fields: Any) -> Message:
        """A message with the head that all share."""
        head = {"v": 1, "kind": kind, "id": self.ids.new(), "sender": self.id, "sent_at": to_wire(self.clock.now())}
        return {**head, **fields}

    def consent_message(self, *grants: Message, **changes: Any) -> Message:
        """A consent over `grants`, for thirty days."""
        now = self.clock.now()
        message = self.head(
            "consent",
            subject=self.ids.new(),
            recorded_at=to_wire(now),
            valid_from=to_wire(now - timedelta(minutes=1)),
            valid_to=to_wire(now + timedelta(days=30)),
            grantor="self",
            form="verbal_witnessed",
            language="vi",
            interpreter=False,
            witnessed=True,
            information_version="2026.1",
            evidence_sha256=None,
            purposes=["service"],
            grants=list(grants),
            withheld=[],
            derived_from=None,
        )
        return {**message, **changes}

    async def record_consent(self, *grants: Message, **changes: Any) -> Message:
        """Register a consent and return it."""
        message = self.consent_message(*grants, **changes)
        answer = await self.post("/v1/consents", message)
        assert answer.status_code == 201, answer.text
        return message

    def referral_message(
        self,
        recipient: str,
        basis: Message,
        *,
        subject: str,
        service_type: str = "SOC-01",
        plaintexts: Mapping[str, Any] = SHELTER,
        sealed_for: str | None = None,
        **changes: Any,
    ) -> tuple[Message, Mapping[str, str]]:
        """A sealed referral and the gateway's halves; `changes` replace fields before it is signed."""
        message_id = changes.pop("id", None) or self.ids.new()
        urgency = changes.get("urgency", "urgent")
        key = EncryptionPublicKey.from_jwks(self.directory[sealed_for or recipient].keys.public_jwks())
        bundle = seal(plaintexts, message_id=message_id, basis=basis, recipient=key)
        message = self.head(
            "referral",
            id=message_id,
            recipient=recipient,
            sop=self.sop.version,
            referral_id=message_id,
            chain_id=message_id,
            parent_id=None,
            subject=subject,
            service_type=service_type,
            urgency=urgency,
            incident_at=None,
            area="38",
            age_band="adult",
            preferences={"staff_gender": "any", "language": "vi", "interpreter": False, "accompanied": False},
            facts={},
            basis=basis,
            phoned_first=False,
            blocked=[],
            sealed=bundle.sealed,
            compartments=[
                {
                    "name": name,
                    "stage": self._stage(service_type, name, urgency),
                    "share_sha256": part.share_sha256,
                    "ciphertext": part.ciphertext,
                }
                for name, part in bundle.compartments.items()
            ],
        )
        return {**message, **changes}, bundle.hub_shares

    async def refer(self, recipient: str, consent: Message, **changes: Any) -> Sent:
        """Send a referral under a consent and return what became of it."""
        basis = {"kind": "consent", "consent_id": consent["id"]}
        given = {"subject": consent["subject"], **changes}
        message, shares = self.referral_message(recipient, basis, **given)
        answer = await self.post("/v1/referrals", message, hub_shares=shares)
        return Sent(message, shares, answer, given.get("plaintexts", SHELTER))

    def event_message(self, sent: Sent, type: str, *, actor: str = "staff-1", **data: Any) -> Message:
        """An event about a referral."""
        other = sent.message["recipient"] if sent.message["sender"] == self.id else sent.message["sender"]
        facts = {"recipient": other, "referral_id": sent.id, "type": type, "actor": actor}
        return self.head("event", at=to_wire(self.clock.now()), data=data, **facts)

    async def report(self, sent: Sent, type: str, **data: Any) -> httpx.Response:
        """Report an event."""
        return await self.post(f"/v1/referrals/{sent.id}/events", self.event_message(sent, type, **data))

    async def reported(self, sent: Sent, *types: str, **data: Any) -> None:
        """Report events that must be admitted, in this order."""
        for type in types:
            answer = await self.report(sent, type, **data)
            assert answer.status_code == 202, answer.text

    async def open(self, sent: Sent, *names: str, actor: str = "staff-1") -> httpx.Response:
        """Ask for the gateway's halves."""
        message = self.head("opening", compartments=list(names), actor=actor, reason="service_delivery")
        return await self.post(f"/v1/referrals/{sent.id}/openings", message)

    def note_message(self, sent: Sent, text: str, **changes: Any) -> tuple[Message, Mapping[str, str]]:
        """A sealed note to the other party; `changes` replace fields before it is sealed, `...` takes one away."""
        other = sent.message["recipient"] if sent.message["sender"] == self.id else sent.message["sender"]
        key = EncryptionPublicKey.from_jwks(self.directory[other].keys.public_jwks())
        head = self.head("note", recipient=other, referral_id=sent.id, basis=sent.message["basis"])
        message = {name: value for name, value in {**head, **changes}.items() if value is not ...}
        basis = message.get("basis") or sent.message["basis"]
        bundle = seal({"note": {"text": text}}, message_id=message["id"], basis=basis, recipient=key)
        part = bundle.compartments["note"]
        label = {"name": "note", "stage": "triage"}
        sealed = {**label, "share_sha256": part.share_sha256, "ciphertext": part.ciphertext}
        return {**message, "sealed": bundle.sealed, "compartments": [sealed]}, bundle.hub_shares

    async def revoke(
        self, consent: Message, *, recipients: Sequence[str] | None = None, compartments: Sequence[str] | None = None
    ) -> httpx.Response:
        """Take consent back."""
        message = self.head(
            "revocation", consent_id=consent["id"], recipients=recipients, compartments=compartments, by="survivor"
        )
        return await self.post(f"/v1/consents/{consent['id']}/revocations", message)

    # Delivery.

    async def inbox(self, **params: Any) -> list[Message]:
        """What waits for this agency now."""
        answer = await self.get("/v1/inbox", **params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    def receipt(self, item: Message, *, result: str = "stored", code: str | None = None, **changes: Any) -> str:
        """A signed receipt for a delivered item."""
        message = self.head(
            "receipt",
            recipient="gateway",
            message_id=item["message_id"],
            sha256=hashlib.sha256(item["body"].encode()).hexdigest(),
            received_at=to_wire(self.clock.now()),
            result=result,
            code=code,
        )
        return sign_compact(to_body({**message, **changes}), self.keys.signing)

    async def settle(self, *items: Message, result: str = "stored", code: str | None = None) -> list[str]:
        """Give receipts for items; return what is settled."""
        receipts = [self.receipt(item, result=result, code=code) for item in items]
        answer = await self.call("POST", "/v1/inbox/receipts", json={"receipts": receipts})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["settled"])

    async def take_in(self) -> list[Message]:
        """Fetch and settle everything that waits; return it."""
        items = await self.inbox()
        await self.settle(*items)
        return items

    def unseal(self, item: Message, name: str, hub_share: str) -> Any:
        """Open one compartment of a delivered message with the gateway's half."""
        message = json.loads(item["body"])
        key = self.keys.encryption_key(message["sealed"]["kid"])
        mine = open_shares(message["sealed"], message_id=message["id"], basis=message["basis"], key=key)
        part = next(part for part in message["compartments"] if part["name"] == name)
        return open_compartment(
            name,
            message_id=message["id"],
            ciphertext=part["ciphertext"],
            recipient_share=mine[name],
            hub_share=hub_share,
            share_sha256=part["share_sha256"],
        )

    def _stage(self, service_type: str, name: str, urgency: str) -> str:
        from shared.sop.model import Compartment, Urgency

        service = self.sop.services.get(service_type) or self.sop.services["SOC-01"]
        return str(service.stage(Compartment(name), Urgency(urgency)).value)


def to_body(message: Message) -> bytes:
    """The exact bytes that are signed."""
    return json.dumps(message, ensure_ascii=False).encode()


def a_grant(
    *recipients: str,
    services: Sequence[str] = ("SOC-01",),
    compartments: Sequence[str] = tuple(SHELTER),
    onward: bool = False,
) -> Message:
    """One line of a consent."""
    return {
        "recipients": list(recipients),
        "service_types": list(services),
        "compartments": list(compartments),
        "onward": onward,
    }
