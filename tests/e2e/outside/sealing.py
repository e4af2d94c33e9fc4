"""Compartments with two halves of a key, coded from the wire contract, section 4 (RFC 9180 base mode, AES-256-GCM)."""

import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

import rfc8785
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.e2e.outside.keys import Json, b64, unb64

X25519_SUITE = "x25519-hkdf-sha256-aes256gcm"
HYBRID_SUITE = "mlkem768x25519-hkdf-sha256-aes256gcm"


def suite_of(name: str) -> hpke.Suite:
    kem = {X25519_SUITE: hpke.KEM.X25519, HYBRID_SUITE: hpke.KEM.MLKEM768_X25519}[name]
    return hpke.Suite(kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def info(message_id: str, kid: str, basis: Any) -> bytes:
    digest = b64(hashlib.sha256(rfc8785.dumps(basis)).digest())
    return f"rm1|{message_id}|{kid}|{digest}".encode()


def exclusive_or(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def public_key(jwk: Json) -> tuple[str, Any]:
    """The suite of an encryption key of the directory, and the key."""
    if jwk["kty"] == "OKP":
        return X25519_SUITE, x25519.X25519PublicKey.from_public_bytes(unb64(jwk["x"]))
    lattice, curve = unb64(jwk["pub"])[:-32], unb64(jwk["pub"])[-32:]
    return HYBRID_SUITE, hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(lattice), x25519.X25519PublicKey.from_public_bytes(curve)
    )


@dataclass(frozen=True)
class Sealed:
    """What goes into a message, and the halves that go to the gateway alone."""

    sealed: Json
    compartments: list[Json]
    hub_shares: dict[str, str]


def seal(
    contents: dict[str, Any], *, stages: dict[str, str], message_id: str, recipient_jwk: Json, basis: Any
) -> Sealed:
    """Seal each content under its own key, split the keys, seal the recipient's halves in one HPKE message."""
    mine, hub, sealed = {}, {}, []
    for name, content in contents.items():
        key, hub_share, nonce = os.urandom(32), os.urandom(32), os.urandom(12)
        plain = json.dumps(content, ensure_ascii=False).encode()
        ciphertext = nonce + AESGCM(key).encrypt(nonce, plain, f"rm1|{message_id}|{name}".encode())
        mine[name], hub[name] = b64(exclusive_or(key, hub_share)), b64(hub_share)
        digest = b64(hashlib.sha256(hub_share).digest())
        sealed.append({"name": name, "stage": stages[name], "share_sha256": digest, "ciphertext": b64(ciphertext)})
    suite, public = public_key(recipient_jwk)
    enc_ct = suite_of(suite).encrypt(rfc8785.dumps(mine), public, info=info(message_id, recipient_jwk["kid"], basis))
    return Sealed({"suite": suite, "kid": recipient_jwk["kid"], "enc_ct": b64(enc_ct)}, sealed, hub)


def hub_shares_header(shares: dict[str, str]) -> str:
    return b64(json.dumps(shares).encode())


def recipient_shares(message: Json, private: Any, *, basis: Any) -> dict[str, str]:
    """The recipient's halves of every key of a message."""
    sealed = message["sealed"]
    plain = suite_of(sealed["suite"]).decrypt(
        unb64(sealed["enc_ct"]), private, info=info(message["id"], sealed["kid"], basis)
    )
    halves: dict[str, str] = json.loads(plain)
    return halves


def open_compartment(message: Json, name: str, *, mine: str, hub_share: str) -> Any:
    """The content of one compartment. Raises InvalidTag or ValueError where anything does not fit."""
    compartment = next(each for each in message["compartments"] if each["name"] == name)
    if b64(hashlib.sha256(unb64(hub_share)).digest()) != compartment["share_sha256"]:
        raise ValueError("another half than the one that was signed")
    raw = unb64(compartment["ciphertext"])
    key = exclusive_or(unb64(mine), unb64(hub_share))
    return json.loads(AESGCM(key).decrypt(raw[:12], raw[12:], f"rm1|{message['id']}|{name}".encode()))


def blocked(chain_id: str, who: str) -> str:
    """The salted hash of somebody who must never receive or open this case."""
    return b64(hashlib.sha256(f"{chain_id}|{who}".encode()).digest())
