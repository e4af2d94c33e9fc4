"""The published test vectors, opened by a client that shares no code with who published them."""

import hashlib
import json
from pathlib import Path

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature, InvalidTag

from tests.e2e.outside import keys, ledger, sealing
from tests.e2e.outside.keys import Json

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


def vector(name: str) -> Json:
    found: Json = json.loads((VECTORS / f"{name}.json").read_text())
    return found


def private_key(jwk: Json) -> keys.EncryptionKey | keys.HybridKey:
    if jwk["kty"] == "OKP":
        return keys.EncryptionKey(keys.unb64(jwk["d"]))
    return keys.HybridKey(keys.unb64(jwk["priv"]))


@pytest.mark.parametrize("name", ["seal-x25519", "seal-mlkem768x25519"])
class TestSealed:
    """Both suites."""

    def test_vector_opens(self, name: str) -> None:
        found = vector(name)
        key = private_key(found["recipient_private_jwk"])
        message = {**found, "id": found["message_id"]}
        mine = sealing.recipient_shares(message, key.private, basis=found["basis"])
        assert mine == found["recipient_shares"]
        for compartment, content in found["plaintexts"].items():
            half = found["hub_shares"][compartment]
            assert sealing.open_compartment(message, compartment, mine=mine[compartment], hub_share=half) == content

    def test_vector_does_not_open_elsewhere(self, name: str) -> None:
        found = vector(name)
        key = private_key(found["recipient_private_jwk"])
        message = {**found, "id": found["must_not_open_as"]["message_id"]}
        with pytest.raises(InvalidTag):
            sealing.recipient_shares(message, key.private, basis=found["basis"])

    def test_key_is_named_by_its_thumbprint(self, name: str) -> None:
        jwk = vector(name)["recipient_private_jwk"]
        assert jwk["kid"] == keys.thumbprint(jwk) == private_key(jwk).jwk["kid"]


def test_signature_verifies_over_the_exact_bytes() -> None:
    found = vector("message-signature")
    header, _ = keys.verify_jws(found["referral_signature"], found["jwks"], payload=found["body"].encode())
    assert header == found["protected"]
    with pytest.raises(InvalidSignature):
        keys.verify_jws(found["referral_signature"], found["jwks"], payload=found["must_not_verify"].encode())
    _, receipt = keys.verify_jws(found["receipt_compact"], found["jwks"])
    assert receipt.decode() == found["receipt"]


def test_blocked_hashes_are_the_same() -> None:
    found = vector("blocked")
    for case in (found, found["other_chain"]):
        for who, digest in case["hashes"].items():
            assert sealing.blocked(case["chain_id"], who) == digest


def test_canonical_json_is_the_same() -> None:
    for case in vector("canonical-json")["cases"]:
        canonical = rfc8785.dumps(case["value"])
        assert canonical.decode() == case["canonical"]
        assert hashlib.sha256(canonical).hexdigest() == case["sha256"]


def test_checkpoint_note_is_signed_by_its_key() -> None:
    found = vector("checkpoint-note")
    assert ledger.read_checkpoint(found["note"], found["vkey"]).size == 2
