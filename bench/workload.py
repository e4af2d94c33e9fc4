"""The work: consents, and referrals under them, made and signed before anything is timed.

Every referral is what a sender would send: its own id, five compartments really sealed, the gateway's halves, a body
of about 4 KB and an ES256 signature over it. A consent carries a few referrals, as in a case.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from gateway.domain.agency import AgencyEnrolment
from shared.kernel.clock import SystemClock, to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.compartments import encode_hub_shares, seal
from shared.seal.jws import sign_detached
from shared.seal.keys import AgencyKeys, EncryptionPublicKey, SigningKey
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, Urgency

SENDER, RECIPIENT, OVERSIGHT = "bench-health", "bench-social", "bench-oversight"
SERVICE = "SOC-01"
REFERRALS_PER_CONSENT = 4
BODY_BYTES = 4096
_PARTIES = {SENDER: ("health", "HEA-"), RECIPIENT: ("social", "SOC-")}
_COMPARTMENTS = ("contact", "safety", "preferences", "dependants", "identity")


#: By agency the key it signs with; and the recipient's public keys.
PrivateJwks = tuple[Mapping[str, Mapping[str, str]], Any]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One signed message as it goes over the wire: its own headers and the exact body."""

    headers: bytes
    body: bytes
    message_id: str


@dataclass(frozen=True, slots=True)
class Parties:
    """The two agencies, of which one sends and the other receives, and the auditor."""

    keys: Mapping[str, AgencyKeys]
    oversight: SigningKey

    @classmethod
    def make(cls) -> "Parties":
        """Make agencies with fresh keys."""
        return cls({agency: AgencyKeys.generate() for agency in _PARTIES}, SigningKey.generate())

    def private_jwks(self) -> PrivateJwks:
        """Return what another process needs to sign for either and to seal for the recipient."""
        signing = {agency: keys.signing.private_jwk() for agency, keys in self.keys.items()}
        return signing, self.keys[RECIPIENT].public_jwks()

    def enrolments(self, addresses: Mapping[str, str]) -> list[AgencyEnrolment]:
        """Return what an operator would state of them. An agency without an address polls: nothing is pushed to it."""
        services = load_sop().services
        return [
            AgencyEnrolment(
                id=agency,
                name_vi=agency,
                name_en=agency,
                sectors=frozenset({sector}),
                areas=frozenset({"38"}),
                services=frozenset(code for code in services if code.startswith(prefix)),
                jwks=self.keys[agency].public_jwks(),
                base_url=addresses.get(agency),
            )
            for agency, (sector, prefix) in _PARTIES.items()
        ]


@dataclass(frozen=True, slots=True)
class Work:
    """Consents to be recorded first, untimed, and the referrals to be timed."""

    consents: Sequence[Parcel]
    referrals: Sequence[Parcel]


def make_work(parties: Parties, count: int, *, pool: ProcessPoolExecutor) -> Work:
    """Make `count` referrals and their consents, on every core there is."""
    cases = -(-count // REFERRALS_PER_CONSENT)
    make = partial(_case, parties.private_jwks())
    made = list(pool.map(make, range(cases), chunksize=32))
    referrals = [referral for _, referrals in made for referral in referrals]
    return Work([consent for consent, _ in made], referrals[:count])


def framed(parcels: Sequence[Parcel], *, path: str, token: str) -> list[bytes]:
    """Return whole requests; the same bytes of headers and body for every variant."""
    start = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n".encode()
    return [start + parcel.headers + b"\r\n" + parcel.body for parcel in parcels]


def _case(keys: PrivateJwks, _number: int) -> tuple[Parcel, list[Parcel]]:
    signing, recipient = keys
    maker = Maker(SENDER, SigningKey.from_private_jwk(signing[SENDER]), EncryptionPublicKey.from_jwks(recipient))
    consent = maker.head("consent") | maker.consent_terms()
    referrals = [maker.referral(consent["id"], consent["subject"]) for _ in range(REFERRALS_PER_CONSENT)]
    return maker.parcel(consent), referrals


class Maker:
    """Makes and signs what one agency sends."""

    def __init__(self, agency: str, key: SigningKey, recipient: EncryptionPublicKey) -> None:
        self._agency = agency
        self._key = key
        self._recipient = recipient
        self._clock = SystemClock()
        self._ids = Uuid7Factory(self._clock)
        self._sop = load_sop()

    def head(self, kind: str) -> dict[str, Any]:
        """Begin a message."""
        sent_at = to_wire(self._clock.now())
        return {"v": 1, "kind": kind, "id": self._ids.new(), "sender": self._agency, "sent_at": sent_at}

    def consent_terms(self) -> dict[str, Any]:
        """Return what is consented to: the one service, with everything that is sealed."""
        now = self._clock.now()
        return {
            "subject": self._ids.new(),
            "recorded_at": to_wire(now),
            "valid_from": to_wire(now - timedelta(minutes=1)),
            "valid_to": to_wire(now + timedelta(days=30)),
            "grantor": "self",
            "form": "verbal_witnessed",
            "language": "vi",
            "interpreter": False,
            "witnessed": True,
            "information_version": "2026.1",
            "evidence_sha256": None,
            "purposes": ["service"],
            "grants": [
                {
                    "recipients": [RECIPIENT],
                    "service_types": [SERVICE],
                    "compartments": list(_COMPARTMENTS),
                    "onward": False,
                }
            ],
            "withheld": [],
            "derived_from": None,
        }

    def referral(self, consent_id: str, subject: str) -> Parcel:
        """Seal and sign a referral."""
        head = self.head("referral")
        basis = {"kind": "consent", "consent_id": consent_id}
        bundle = seal(_plaintexts(), message_id=head["id"], basis=basis, recipient=self._recipient)
        message = head | {
            "recipient": RECIPIENT,
            "sop": self._sop.version,
            "referral_id": head["id"],
            "chain_id": head["id"],
            "parent_id": None,
            "subject": subject,
            "service_type": SERVICE,
            "urgency": Urgency.URGENT.value,
            "incident_at": None,
            "area": "38",
            "age_band": "adult",
            "preferences": {"staff_gender": "female", "language": "vi", "interpreter": False, "accompanied": False},
            "facts": {},
            "basis": basis,
            "phoned_first": False,
            "blocked": [],
            "sealed": bundle.sealed,
            "compartments": [
                {
                    "name": name,
                    "stage": self._sop.services[SERVICE].stage(Compartment(name), Urgency.URGENT).value,
                    "share_sha256": sealed.share_sha256,
                    "ciphertext": sealed.ciphertext,
                }
                for name, sealed in bundle.compartments.items()
            ],
        }
        return self.parcel(message, hub_shares=bundle.hub_shares)

    def parcel(self, message: Mapping[str, Any], *, hub_shares: Mapping[str, str] | None = None) -> Parcel:
        """Sign a message."""
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Referral-Signature": sign_detached(body, self._key),
        }
        if hub_shares is not None:
            headers["Hub-Shares"] = encode_hub_shares(hub_shares)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return Parcel(lines.encode(), body, message_id=message["id"])


#: Chosen so that a body has `BODY_BYTES`, give or take a few; a test would only repeat the sum.
_FILLER = 302


def _plaintexts() -> dict[str, Any]:
    return {name: {"text": "x" * _FILLER} for name in _COMPARTMENTS}
