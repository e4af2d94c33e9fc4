"""Every published vector says what this code does; the files are the contract, so they are read from disk."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.canonical import canonical_json
from shared.kernel.clock import from_wire
from shared.kernel.encoding import from_b64url, sha256_b64url, sha256_hex
from shared.kernel.errors import InputRejected, NotAuthenticated
from shared.referral.blocked import blocked_hash
from shared.seal.checkpoints import CheckpointSigner, NoteVerifier, verify_note
from shared.seal.compartments import decode_hub_shares, open_compartment, open_shares
from shared.seal.encryption import EncryptionKey
from shared.seal.jws import verify_compact, verify_detached
from shared.seal.signing import KeyRing, SigningKey
from shared.seal.tokens import read_access_token, read_assertion
from tests.support.checkout import ROOT
from tests.vectors import generate

FOLDER = ROOT / "tests" / "vectors"


def vector(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def test_every_file_has_a_maker_and_every_maker_a_file(tmp_path: Path) -> None:
    generate.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in FOLDER.glob("*.json"))


def test_the_maker_keeps_the_published_keys() -> None:
    made = generate.vectors()
    for name in ("seal-x25519", "seal-mlkem768x25519"):
        assert made[name]["recipient_private_jwk"] == vector(name)["recipient_private_jwk"]
        assert made[name]["info"] == vector(name)["info"]
    assert made["message-signature"]["private_jwk"] == vector("message-signature")["private_jwk"]
    for name in ("blocked", "canonical-json", "checkpoint-note"):
        assert made[name] == vector(name)


@pytest.mark.parametrize("name", ["seal-x25519", "seal-mlkem768x25519"])
def test_sealed_vectors_open(name: str) -> None:
    given = vector(name)
    key = EncryptionKey.from_private_jwk(given["recipient_private_jwk"])
    shares = open_shares(given["sealed"], message_id=given["message_id"], basis=given["basis"], key=key)
    assert shares == given["recipient_shares"]
    assert decode_hub_shares(given["hub_shares_header"]) == given["hub_shares"]
    assert sha256_b64url(canonical_json(given["basis"])) == given["basis_sha256"]
    opened = {
        part["name"]: open_compartment(
            part["name"],
            message_id=given["message_id"],
            ciphertext=part["ciphertext"],
            recipient_share=shares[part["name"]],
            hub_share=given["hub_shares"][part["name"]],
            share_sha256=part["share_sha256"],
        )
        for part in given["compartments"]
    }
    assert opened == given["plaintexts"]
    with pytest.raises(InputRejected):
        open_shares(given["sealed"], **given["must_not_open_as"], basis=given["basis"], key=key)


def test_signature_vectors_verify() -> None:
    given = vector("message-signature")
    ring = KeyRing.from_jwks(given["jwks"])
    body = given["body"].encode()
    assert from_b64url(given["body_base64url"]) == body
    kid = SigningKey.from_private_jwk(given["private_jwk"]).kid
    assert verify_detached(body, given["referral_signature"], ring) == kid == given["protected"]["kid"]
    assert verify_compact(given["receipt_compact"], ring) == given["receipt"].encode()
    with pytest.raises(InputRejected):
        verify_detached(given["must_not_verify"].encode(), given["referral_signature"], ring)


def test_token_vectors_are_valid_at_their_moment_and_not_after() -> None:
    given = vector("tokens")
    ring, at = KeyRing.from_jwks(given["jwks"]), from_wire(given["at"])
    assertion = read_assertion(given["client_assertion"], ring, audiences={given["token_endpoint"]}, at=at)
    assert (assertion.client_id, assertion.jti) == (given["client_id"], given["assertion_jti"])
    issuer = given["issuer"]
    token = read_access_token(given["access_token"], ring, issuer=issuer, audience=issuer, at=at)
    assert (token.subject, sorted(token.scopes)) == (given["client_id"], given["scopes"])
    late = at + timedelta(seconds=given["seconds"])
    with pytest.raises(NotAuthenticated):
        read_assertion(given["client_assertion"], ring, audiences={given["token_endpoint"]}, at=late)
    with pytest.raises(NotAuthenticated):
        read_access_token(given["access_token"], ring, issuer=issuer, audience=issuer, at=late)


def test_blocked_vectors_hash_and_differ_from_chain_to_chain() -> None:
    given = vector("blocked")
    for chain in (given, given["other_chain"]):
        assert {who: blocked_hash(chain["chain_id"], who) for who in chain["hashes"]} == chain["hashes"]
    assert set(given["hashes"].values()).isdisjoint(given["other_chain"]["hashes"].values())


def test_canonical_vectors_are_canonical() -> None:
    for case in vector("canonical-json")["cases"]:
        text = canonical_json(case["value"])
        assert (text.decode(), sha256_hex(text)) == (case["canonical"], case["sha256"])


def test_the_checkpoint_vector_is_signed_by_its_key() -> None:
    given = vector("checkpoint-note")
    assert verify_note(given["note"], [NoteVerifier.from_vkey(given["vkey"])]).text == given["text"]
    signer = CheckpointSigner("gateway.example/ledger", from_b64url(given["seed"]))
    assert signer.sign(given["text"]) == given["note"]  # Ed25519 is deterministic
