"""What this room makes, other implementations verify and open; what they make, this room takes.

joserfc for signatures and tokens; RFC 9180 written out for sealing; published vectors of RFC 9180, RFC 7638,
X-Wing and the C2SP signed note.
"""

import json
from datetime import UTC, datetime

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from shared.kernel.encoding import from_b64url, sha256_b64url
from shared.kernel.errors import InputRejected
from shared.seal.checkpoints import NoteVerifier, verify_note
from shared.seal.compartments import seal
from shared.seal.encryption import HYBRID, X25519, EncryptionKey
from shared.seal.jws import sign_compact, sign_detached, verify_compact, verify_detached
from shared.seal.signing import KeyRing, SigningKey, VerificationKey
from shared.seal.tokens import issue_access_token, make_assertion, read_assertion
from tests.support import hpke_reference as hpke

AT = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)
GATEWAY = "https://gateway.example"

# RFC 9180 appendix A.1.1 and the first message of A.1.1.1, DHKEM(X25519), HKDF-SHA256, AES-128-GCM.
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
SKE = bytes.fromhex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")
SKR = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
PKR = bytes.fromhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")
ENC = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
SHARED_SECRET = bytes.fromhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc")
PLAINTEXT = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
CIPHERTEXT = bytes.fromhex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a")


def test_the_written_out_hpke_agrees_with_rfc_9180() -> None:
    assert hpke.public_of(SKR) == PKR
    assert hpke.shared_secret(SKR, ENC, peer=ENC, recipient=PKR) == SHARED_SECRET
    made = hpke.seal(PLAINTEXT, ephemeral=SKE, recipient=PKR, info=INFO, aad=b"Count-0", aead=hpke.AES_128_GCM)
    assert made == ENC + CIPHERTEXT


def test_what_the_written_out_hpke_seals_our_key_opens() -> None:
    key = EncryptionKey(X25519, SKR)
    enc_ct = hpke.seal(PLAINTEXT, ephemeral=SKE, recipient=PKR, info=INFO, aad=b"", aead=hpke.AES_256_GCM)
    assert key.unwrap(enc_ct, info=INFO) == PLAINTEXT


def test_what_we_seal_the_written_out_hpke_opens_under_the_documented_info() -> None:
    key = EncryptionKey(X25519, SKR)
    basis = {"kind": "consent", "consent_id": "0190b2d4-1f2e-7abc-8def-0123456789ab"}
    bundle = seal({"needs": {"shelter": True}}, message_id="m-1", basis=basis, recipient=key.public)
    text = '{"consent_id":"0190b2d4-1f2e-7abc-8def-0123456789ab","kind":"consent"}'
    info = f"rm1|m-1|{key.kid}|{sha256_b64url(text.encode())}".encode()
    opened = hpke.open_sealed(
        from_b64url(bundle.sealed["enc_ct"]), private=SKR, info=info, aad=b"", aead=hpke.AES_256_GCM
    )
    assert list(json.loads(opened)) == ["needs"]


def test_a_hybrid_seed_expands_as_in_x_wing() -> None:
    # draft-connolly-cfrg-xwing-kem, appendix C, first vector: seed and the ends of its public key
    seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    public = from_b64url(EncryptionKey(HYBRID, seed).public.public_jwk()["pub"])
    assert len(public) == 1216
    assert public.hex().startswith("e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5")
    assert public.hex().endswith("859edb06eff389b27dce59844570216223593d4ba32d9abac8cd049040ef6534")


def test_a_thumbprint_is_that_of_rfc_7638() -> None:
    # RFC 7638 section 3.1
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    key = VerificationKey.from_jwk({"kty": "RSA", "n": modulus, "e": "AQAB"})
    assert key.kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_joserfc_verifies_our_detached_signature() -> None:
    key, body = SigningKey.generate(), b'{"v":1}'
    signature = sign_detached(body, key)
    made = jws.deserialize_compact(signature, ECKey.import_key(key.public.public_jwk()), ["ES256"], payload=body)
    assert made.headers() == {"alg": "ES256", "kid": key.kid, "typ": "rm+jws"}


def test_we_verify_a_detached_signature_of_joserfc() -> None:
    key, body = SigningKey.generate(), b'{"v":1}'
    header = {"alg": "ES256", "kid": key.kid, "typ": "rm+jws"}
    compact = jws.serialize_compact(header, body, ECKey.import_key(key.private_jwk()))
    protected, _, signature = compact.split(".")
    assert verify_detached(body, f"{protected}..{signature}", KeyRing(key.public)) == key.kid
    assert verify_compact(compact, KeyRing(key.public)) == body


def test_joserfc_verifies_our_receipts_and_tokens() -> None:
    key = SigningKey.generate()
    public = ECKey.import_key(key.public.public_jwk())
    assert jws.deserialize_compact(sign_compact(b"receipt", key), public, ["ES256"]).payload == b"receipt"
    assertion = jwt.decode(
        make_assertion(key, client_id="police-38", audience=GATEWAY, at=AT, jti="j"), public, ["ES256"]
    )
    assert (assertion.header["typ"], assertion.claims["aud"]) == ("JWT", GATEWAY)
    token = jwt.decode(
        issue_access_token(key, issuer="i", audience="a", subject="s", scopes={"y", "x"}, at=AT, jti="j"),
        public,
        ["ES256"],
    )
    assert token.header["typ"] == "at+jwt"
    assert token.claims == {
        "iss": "i", "aud": "a", "sub": "s", "client_id": "s", "scope": "x y", "jti": "j",
        "iat": int(AT.timestamp()), "exp": int(AT.timestamp()) + 300,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("ES256", lambda: ECKey.generate_key("P-256")),
        ("ES384", lambda: ECKey.generate_key("P-384")),
        ("RS384", lambda: RSAKey.generate_key(2048)),
    ],
)
def test_smart_clients_assert_with_other_libraries_and_algorithms(algorithm: str, make) -> None:
    key = make()
    public = key.as_dict(private=False)
    ring = KeyRing.from_jwks({"keys": [public]})
    (known,) = ring
    claims = {"iss": "emr-1", "sub": "emr-1", "aud": GATEWAY, "jti": "j-1", "exp": int(AT.timestamp()) + 200}
    token = jwt.encode({"alg": algorithm, "kid": known.kid, "typ": "JWT"}, claims, key, algorithms=[algorithm])
    assert read_assertion(token, ring, audiences={GATEWAY}, at=AT).client_id == "emr-1"
    message = jws.serialize_compact(
        {"alg": algorithm, "kid": known.kid, "typ": "rm+jws"}, b"body", key, algorithms=[algorithm]
    )
    if algorithm != "ES256":  # such keys sign assertions and nothing else
        with pytest.raises(InputRejected):
            verify_compact(message, ring)


def test_a_note_of_the_go_checksum_database_verifies() -> None:
    # golang.org/x/mod/sumdb/note, package example
    verifier = NoteVerifier.from_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert verify_note(f"{text}\n— PeterNeumann {signature}\n", [verifier]).text == text
