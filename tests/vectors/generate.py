"""Write the published test vectors anew: `python -m tests.vectors.generate`.

Keys are made from fixed text and stay the same; signatures and encapsulations are random, so every run gives new
files that say the same. Run it only when the wire contract changes, and read the difference before committing it.
The private keys are TEST keys, published on purpose: never use them for anything else.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from shared.kernel.canonical import canonical_json
from shared.kernel.clock import to_wire
from shared.kernel.encoding import b64url, sha256, sha256_b64url, sha256_hex
from shared.referral.blocked import blocked_hash
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.compartments import encode_hub_shares, open_shares, seal
from shared.seal.encryption import HYBRID, X25519, EncryptionKey
from shared.seal.jws import sign_compact, sign_detached
from shared.seal.signing import SigningKey
from shared.seal.tokens import issue_access_token, make_assertion

FOLDER = Path(__file__).parent
WARNING = "TEST keys, published on purpose. Never use them for anything else."
AT = datetime(2026, 11, 21, 8, 15, 30, tzinfo=UTC)
MESSAGE_ID = "019aa575-4f50-7abc-8def-0123456789ab"
OTHER_ID = "019aa575-4f50-7abc-8def-ba9876543210"
GATEWAY = "https://gateway.example/oauth/token"
BASIS = {"kind": "consent", "consent_id": "019aa570-0000-7abc-8def-0123456789ab"}
PLAINTEXTS = {
    "identity": {"family_name": "Ví dụ", "given_name": "Người"},
    "needs": {"shelter": True, "transport": False},
    "safety": {"safe_to_call": False, "safe_hours": ["08:00", "10:00"]},
}


def published_bytes(purpose: str) -> bytes:
    """Return 32 bytes that anybody can make again from `purpose`."""
    return sha256(f"referral-mesh test vector: {purpose}".encode())


def signing_key() -> SigningKey:
    """Return the P-256 test key; its `d` is the 32 bytes of its purpose."""
    return SigningKey(ec.derive_private_key(int.from_bytes(published_bytes("signing key")), ec.SECP256R1()))


def sealed_vector(suite: str) -> dict[str, Any]:
    """Return one sealed bundle with everything that opens it, half by half."""
    key = EncryptionKey(suite, published_bytes(f"encryption key {suite}"))
    bundle = seal(PLAINTEXTS, message_id=MESSAGE_ID, basis=BASIS, recipient=key.public)
    basis_sha256 = sha256_b64url(canonical_json(BASIS))
    return {
        "warning": WARNING,
        "recipient_private_jwk": key.private_jwk(),
        "message_id": MESSAGE_ID,
        "basis": BASIS,
        "basis_sha256": basis_sha256,
        "info": f"rm1|{MESSAGE_ID}|{key.kid}|{basis_sha256}",
        "aad": {name: f"rm1|{MESSAGE_ID}|{name}" for name in PLAINTEXTS},
        "sealed": dict(bundle.sealed),
        "compartments": [
            {"name": name, "share_sha256": part.share_sha256, "ciphertext": part.ciphertext}
            for name, part in bundle.compartments.items()
        ],
        "hub_shares": dict(bundle.hub_shares),
        "hub_shares_header": encode_hub_shares(bundle.hub_shares),
        "recipient_shares": open_shares(bundle.sealed, message_id=MESSAGE_ID, basis=BASIS, key=key),
        "plaintexts": PLAINTEXTS,
        "must_not_open_as": {"message_id": OTHER_ID},
    }


def signature_vector() -> dict[str, Any]:
    """Return a detached signature and a receipt, with the body as text and as base64url of its bytes."""
    key = signing_key()
    body = '{"v":1, "kind":"note",\n "id":"019aa575-4f50-7abc-8def-0123456789ab"}'
    receipt = canonical_json({"message_id": MESSAGE_ID, "result": "stored", "sha256": sha256_hex(body.encode())})
    return {
        "warning": WARNING,
        "private_jwk": key.private_jwk(),
        "jwks": {"keys": [key.public.public_jwk()]},
        "body": body,
        "body_base64url": b64url(body.encode()),
        "protected": {"alg": "ES256", "kid": key.kid, "typ": "rm+jws"},
        "referral_signature": sign_detached(body.encode(), key),
        "receipt": receipt.decode(),
        "receipt_compact": sign_compact(receipt, key),
        "must_not_verify": body.replace(" ", ""),
    }


def token_vector() -> dict[str, Any]:
    """Return a client assertion and an access token, with the moment at which they are valid."""
    key = signing_key()
    assertion = make_assertion(key, client_id="police-38", audience=GATEWAY, at=AT, jti="vector-1")
    token = issue_access_token(
        key,
        issuer="https://gateway.example",
        audience="https://gateway.example",
        subject="police-38",
        scopes={"referrals.send", "consents.write"},
        at=AT,
        jti="vector-2",
    )
    return {
        "warning": WARNING,
        "jwks": {"keys": [key.public.public_jwk()]},
        "at": to_wire(AT),
        "token_endpoint": GATEWAY,
        "issuer": "https://gateway.example",
        "client_id": "police-38",
        "client_assertion": assertion,
        "assertion_jti": "vector-1",
        "access_token": token,
        "scopes": ["consents.write", "referrals.send"],
        "seconds": 300,
    }


def blocked_vector() -> dict[str, Any]:
    """Return who is blocked in which chain, and the salted hash that stands in the message."""
    who = ["police-38", "staff:4711"]
    return {
        "chain_id": MESSAGE_ID,
        "hashes": {one: blocked_hash(MESSAGE_ID, one) for one in who},
        "other_chain": {"chain_id": OTHER_ID, "hashes": {one: blocked_hash(OTHER_ID, one) for one in who}},
    }


def canonical_vector() -> dict[str, Any]:
    """Return values, their canonical JSON and its hash."""
    values: list[Any] = [
        BASIS,
        {"b": 1, "a": [True, False, None], "ä": "ö"},
        {"1": 333333333.33333329, "10": 1e30, "2": 0.002, "€": '\u000f\n"\\/'},
        {"nested": {"z": {}, "a": []}, "empty": ""},
    ]
    texts = [canonical_json(value) for value in values]
    return {
        "cases": [
            {"value": value, "canonical": text.decode(), "sha256": sha256_hex(text)}
            for value, text in zip(values, texts, strict=True)
        ]
    }


def note_vector() -> dict[str, Any]:
    """Return a signed checkpoint: origin, size and root hash, as auditors read it."""
    signer = CheckpointSigner("gateway.example/ledger", published_bytes("checkpoint key"))
    text = "gateway.example/ledger\n2\nX8zlX1z3FSMBGAODjpAUr/TTXNIBGVKD/Zt1Iq1XNgA=\n"
    return {
        "warning": WARNING,
        "seed": b64url(published_bytes("checkpoint key")),
        "vkey": signer.verifier.vkey(),
        "text": text,
        "note": signer.sign(text),
    }


def vectors() -> dict[str, dict[str, Any]]:
    """Return every vector by the name of its file."""
    return {
        "seal-x25519": sealed_vector(X25519),
        "seal-mlkem768x25519": sealed_vector(HYBRID),
        "message-signature": signature_vector(),
        "tokens": token_vector(),
        "blocked": blocked_vector(),
        "canonical-json": canonical_vector(),
        "checkpoint-note": note_vector(),
    }


def write(folder: Path) -> None:
    """Write every vector into `folder`."""
    for name, vector in vectors().items():
        text = json.dumps(vector, indent=2, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER)
