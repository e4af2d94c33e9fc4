"""An outside agency: a client of the gateway, coded from the wire contract alone."""

import hashlib
import json
import time
from typing import Any

import httpx

from tests.e2e.outside import keys, messages, sealing
from tests.e2e.outside.keys import Json

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALL = object()


class Agency:
    """Its keys, its token, its calls."""

    def __init__(
        self,
        agency_id: str,
        gateway: str,
        *,
        extra_signers: tuple[keys.Signer, ...] = (),
        encryption: keys.EncryptionKey | keys.HybridKey | None = None,
    ) -> None:
        self.id, self.gateway = agency_id, gateway
        self.signer, self.encryption = keys.EcSigner(), encryption or keys.EncryptionKey()
        self.extra_signers = extra_signers
        self.http = httpx.Client(base_url=gateway, timeout=40)
        self._token, self._old_at = "", 0.0

    @property
    def jwks(self) -> Json:
        return {"keys": [self.signer.jwk, self.encryption.jwk, *(signer.jwk for signer in self.extra_signers)]}

    def assertion(self, *, signer: keys.Signer | None = None, header: Json | None = None, **over: Any) -> str:
        signer = signer or self.signer
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": f"{self.gateway}/oauth/token",
            "exp": int(messages.now().timestamp()) + 240,
            "jti": messages.new_id(),
            **over,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return keys.jws(
            keys.compact_json(kept), signer, {"alg": signer.alg, "kid": signer.kid, "typ": "JWT", **(header or {})}
        )

    def ask_token(self, assertion: str | None = None, **form: str) -> httpx.Response:
        data = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            **form,
        }
        return self.http.post("/oauth/token", data=data)

    @property
    def token(self) -> str:
        if time.monotonic() >= self._old_at:
            answer = self.ask_token()
            assert answer.status_code == 200, answer.text
            self._token, life = answer.json()["access_token"], answer.json()["expires_in"]
            self._old_at = time.monotonic() + life / 2
        return self._token

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params, headers=self.bearer)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers={**self.bearer, **headers})

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.http.put(path, json=body, headers=self.bearer)

    def send(
        self,
        path: str,
        message: Json | bytes,
        *,
        hub_shares: dict[str, str] | None = None,
        signature: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Post a signed message; `signature` and `headers` are there to get it wrong."""
        body = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
        sent = {**self.bearer, "Content-Type": "application/json"}
        sent["Referral-Signature"] = signature if signature is not None else keys.detached(body, self.signer)
        if hub_shares is not None:
            sent["Hub-Shares"] = sealing.hub_shares_header(hub_shares)
        sent.update(headers or {})
        return self.http.post(path, content=body, headers={k: v for k, v in sent.items() if v != ""})

    def encryption_jwk(self, agency_id: str) -> Json:
        """The encryption key of an agency, from the directory."""
        found = self.get(f"/v1/agencies/{agency_id}")
        assert found.status_code == 200, found.text
        key: Json = next(jwk for jwk in found.json()["jwks"]["keys"] if jwk["use"] == "enc")
        return key

    def stages(self, service: str, *, immediate: bool = False) -> dict[str, str]:
        rules = self.http.get(f"/v1/sop/service-types/{service}").json()["compartments"]
        return {name: "triage" if immediate else rule["stage"] for name, rule in rules.items()}

    def required(self, service: str) -> list[str]:
        rules = self.http.get(f"/v1/sop/service-types/{service}").json()["compartments"]
        return [name for name, rule in rules.items() if rule["rule"] == "required"]

    def sealed_referral(
        self,
        recipient: str,
        contents: dict[str, Any],
        *,
        basis: Json,
        stages: dict[str, str] | None = None,
        **over: Any,
    ) -> tuple[Json, dict[str, str]]:
        """A referral ready to send, and the halves for the gateway."""
        message = messages.referral(self.id, recipient, basis=basis, **over)
        known = self.stages(message["service_type"], immediate=message["urgency"] == "immediate")
        sealed = sealing.seal(
            contents,
            stages={**known, **(stages or {})},
            message_id=message["id"],
            recipient_jwk=self.encryption_jwk(recipient),
            basis=basis,
        )
        return {**message, "sealed": sealed.sealed, "compartments": sealed.compartments}, sealed.hub_shares

    def refer(self, recipient: str, contents: dict[str, Any], *, basis: Json, **over: Any) -> httpx.Response:
        message, shares = self.sealed_referral(recipient, contents, basis=basis, **over)
        return self.send("/v1/referrals", message, hub_shares=shares)

    def tell(self, referral: Json, type_: str, **data: Any) -> httpx.Response:
        """Send an event about a referral to the other party."""
        other = referral["recipient"] if referral["sender"] == self.id else referral["sender"]
        return self.send(
            f"/v1/referrals/{referral['referral_id']}/events", messages.event(self.id, other, type_, **data)
        )

    def open(self, referral_id: str, compartments: list[str], *, actor: str = "staff-7") -> httpx.Response:
        return self.send(f"/v1/referrals/{referral_id}/openings", messages.opening(self.id, compartments, actor=actor))

    def note(self, referral: Json, text: str, *, basis: Any) -> tuple[Json, httpx.Response]:
        """Send a sealed note; `info` takes the basis of the referral that the note belongs to."""
        other = referral["recipient"] if referral["sender"] == self.id else referral["sender"]
        message = messages.head("note", self.id, other)
        sealed = sealing.seal(
            {"note": {"text": text}},
            stages={"note": "triage"},
            message_id=message["id"],
            recipient_jwk=self.encryption_jwk(other),
            basis=basis,
        )
        message |= {"sealed": sealed.sealed, "compartments": sealed.compartments}
        path = f"/v1/referrals/{referral['referral_id']}/notes"
        return message, self.send(path, message, hub_shares=sealed.hub_shares)

    def receipt_for(self, item: Json, result: str = "stored", code: str | None = None) -> str:
        digest = hashlib.sha256(item["body"].encode()).hexdigest()
        payload = messages.receipt(self.id, item["message_id"], digest, result=result, code=code)
        return keys.jws(keys.compact_json(payload), self.signer, keys.message_header(self.signer))

    def settle(self, items: list[Json], result: str = "stored", code: str | None = None) -> httpx.Response:
        return self.post("/v1/inbox/receipts", {"receipts": [self.receipt_for(item, result, code) for item in items]})

    def inbox(self, **params: Any) -> Json:
        answer = self.get("/v1/inbox", **params)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def collect(self, wanted: str, *, settle: bool = True) -> Json:
        """The delivered item of one message, all others settled on the way; asks again until it is there."""
        after: Json = {}
        for _ in range(40):
            page = self.inbox(wait=1, limit=100, **after)
            found = [item for item in page["items"] if item["message_id"] == wanted]
            if settle and page["items"]:
                assert self.settle(page["items"]).status_code == 200
            if found:
                return dict(found[0])
            if page["next"]:
                after = {"after": page["next"]}
        raise AssertionError("the message never came")

    def drain(self) -> list[Json]:
        """Take and settle everything that waits."""
        taken: list[Json] = []
        while items := self.inbox(limit=100)["items"]:
            taken += items
            assert self.settle(items).status_code == 200
        return taken

    def read(self, item: Json, *, basis: Any = ALL) -> tuple[Json, dict[str, Any], dict[str, str]]:
        """Check a delivered item as a recipient does: its message, what opens now, and one's own halves."""
        sender = json.loads(item["body"])["sender"]
        known = self.get(f"/v1/agencies/{sender}").json()["jwks"]
        keys.verify_jws(item["signature"], known, payload=item["body"].encode())
        message: Json = json.loads(item["body"])
        mine = sealing.recipient_shares(
            message, self.encryption.private, basis=message["basis"] if basis is ALL else basis
        )
        opened = {
            name: sealing.open_compartment(message, name, mine=mine[name], hub_share=share)
            for name, share in item["hub_shares"].items()
        }
        return message, opened, mine
