"""Attacks on message signatures and receipts. Each ends in the same error with the same text."""

import hmac
import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jose import jwk as jose_jwk

from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import InputRejected
from shared.seal.jws import (
    BODY_MOST,
    TOKEN_MOST,
    read_protected,
    sign_compact,
    sign_detached,
    verify_compact,
    verify_detached,
)
from shared.seal.signing import KeyRing, SigningKey, VerificationKey
from tests.support import forgery

BODY = b'{"v":1,"kind":"referral"}'
KEY = SigningKey.generate()
RING = KeyRing(KEY.public)


def refused(body: bytes, signature: str, ring: KeyRing = RING) -> None:
    """It is refused, and the answer says nothing about the cause."""
    with pytest.raises(InputRejected) as refusal:
        verify_detached(body, signature, ring)
    assert refusal.value.code == "signature.invalid"
    assert refusal.value.message == "Sign the exact bytes of the body with a key from your directory entry."


def forged(key: SigningKey = KEY, /, **changes: object) -> str:
    return forgery.detached(forgery.token(forgery.header(key, **changes), BODY, key))


def test_the_forge_itself_makes_a_signature_that_verifies_when_honest() -> None:
    assert verify_detached(BODY, forged(), RING) == KEY.kid


def test_a_signature_holds_for_its_exact_bytes_and_names_its_key() -> None:
    assert verify_detached(BODY, sign_detached(BODY, KEY), RING) == KEY.kid


@pytest.mark.parametrize("body", [b"", BODY + b" ", BODY[:-1], BODY.replace(b"1", b"2"), json.dumps(1).encode()])
def test_other_bytes_are_refused(body: bytes) -> None:
    refused(body, sign_detached(BODY, KEY))


@pytest.mark.parametrize("alg", ["none", "None", "", "HS256", "RS256", "ES384", "ES512", "PS256", "EdDSA", "es256"])
def test_a_header_that_names_another_algorithm_is_refused(alg: str) -> None:
    refused(BODY, forged(alg=alg))


def test_alg_none_without_a_signature_is_refused() -> None:
    header = forgery.header(KEY, alg="none")
    refused(BODY, f"{b64url(json.dumps(header).encode())}..")


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_our_public_key_used_as_an_hmac_secret_is_refused(encoding: Encoding) -> None:
    public = ec.derive_private_key(int.from_bytes(from_b64url(KEY.private_jwk()["d"])), ec.SECP256R1()).public_key()
    secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    protected = b64url(json.dumps(forgery.header(KEY, alg="HS256")).encode())
    mac = hmac.digest(secret, f"{protected}.{b64url(BODY)}".encode(), sha256)
    refused(BODY, f"{protected}..{b64url(mac)}")
    with pytest.raises(InputRejected):
        verify_compact(f"{protected}.{b64url(BODY)}.{b64url(mac)}", RING)


@pytest.mark.parametrize("name", ["crit", "jwk", "jku", "x5u", "x5c", "x5t", "b64", "zip", "cty", "unknown"])
def test_every_further_header_member_is_refused(name: str) -> None:
    values = {"crit": ["exp"], "jwk": KEY.public.public_jwk(), "x5c": ["MII"], "b64": False}
    refused(BODY, forged(**{name: values.get(name, "https://evil.example/keys")}))


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
@pytest.mark.parametrize("value", [None, 1, True, ["ES256"], {}, ""])
def test_a_missing_or_misshapen_header_member_is_refused(name: str, value: object) -> None:
    refused(BODY, forged(**{name: value}))


def test_a_header_that_says_two_things_is_refused() -> None:
    twice = f'{{"alg":"none","alg":"ES256","kid":"{KEY.kid}","typ":"rm+jws"}}'.encode()
    refused(BODY, forgery.detached(forgery.token(twice, BODY, KEY)))


@pytest.mark.parametrize("head", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 300, b'{"alg":NaN}', b"1" * 400])
def test_a_header_that_is_no_object_is_refused(head: bytes) -> None:
    refused(BODY, forgery.detached(forgery.token(head, BODY, KEY)))


def test_an_unknown_kid_is_refused_even_when_a_known_key_signed() -> None:
    refused(BODY, forged(kid=SigningKey.generate().kid))


def test_another_partys_key_under_a_known_kid_is_refused() -> None:
    refused(BODY, forged(SigningKey.generate(), kid=KEY.kid))


def test_another_partys_own_signature_is_refused() -> None:
    refused(BODY, sign_detached(BODY, SigningKey.generate()))


def test_a_p384_key_neither_signs_nor_verifies_messages() -> None:
    private = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(InputRejected):
        SigningKey(private)
    public = private.public_key().public_numbers()
    wide = VerificationKey.from_jwk(
        {"kty": "EC", "crv": "P-384", "x": b64url(public.x.to_bytes(48)), "y": b64url(public.y.to_bytes(48))}
    )
    members = {**wide.public_jwk(), "d": b64url(private.private_numbers().private_value.to_bytes(48))}
    signer = jose_jwk.construct({name: members[name] for name in ("kty", "crv", "x", "y", "d")}, "ES256")
    for alg in ("ES256", "ES384"):
        protected = b64url(json.dumps({"alg": alg, "kid": wide.kid, "typ": "rm+jws"}).encode())
        signature = signer.sign(f"{protected}.{b64url(BODY)}".encode())
        refused(BODY, f"{protected}..{b64url(signature)}", KeyRing(wide))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "RM+JWS", "application/rm+jws", ""])
def test_another_typ_is_refused(typ: str) -> None:
    refused(BODY, forged(typ=typ))
    with pytest.raises(InputRejected):
        verify_compact(sign_compact(BODY, KEY, typ or "x"), RING)


def test_a_signature_has_one_spelling() -> None:
    signature = sign_detached(BODY, KEY)
    head, _, tail = signature.partition("..")
    for respelled in (
        signature + "=",
        signature + "\n",
        f" {signature}",
        f"{head}..{tail[:9]}!{tail[9:]}",
        f"{head}=..{tail}",
    ):
        refused(BODY, respelled)
    compact = sign_compact(BODY, KEY)
    for respelled in (compact + "=", compact + "\n", compact[:-9] + "!" + compact[-9:]):
        with pytest.raises(InputRejected):
            verify_compact(respelled, RING)


@pytest.mark.parametrize("text", ["", ".", "..", "...", "a.b", "a.b.c.d", "é..é", "a..b", "\x00..", "null"])
def test_what_is_no_signature_is_refused(text: str) -> None:
    refused(BODY, text)
    with pytest.raises(InputRejected):
        verify_compact(text, RING)


def test_a_compact_token_in_place_of_a_detached_signature_is_refused() -> None:
    refused(BODY, sign_compact(BODY, KEY))
    with pytest.raises(InputRejected):
        verify_compact(sign_detached(BODY, KEY), RING)


def test_a_der_signature_is_refused() -> None:
    protected = sign_detached(BODY, KEY).split(".")[0]
    private = ec.derive_private_key(int.from_bytes(from_b64url(KEY.private_jwk()["d"])), ec.SECP256R1())
    der = private.sign(f"{protected}.{b64url(BODY)}".encode(), ec.ECDSA(hashes.SHA256()))
    refused(BODY, f"{protected}..{b64url(der)}")


def test_a_signature_of_zeros_is_refused() -> None:
    protected = sign_detached(BODY, KEY).split(".")[0]
    refused(BODY, f"{protected}..{b64url(bytes(64))}")


def test_oversize_tokens_and_bodies_are_refused_before_any_work() -> None:
    with pytest.raises(InputRejected):
        sign_compact(b"x" * TOKEN_MOST, KEY)
    with pytest.raises(InputRejected):
        verify_compact(forgery.token(forgery.header(KEY), b"x" * TOKEN_MOST, KEY), RING)
    with pytest.raises(InputRejected):
        sign_detached(b"x" * (BODY_MOST + 1), KEY)
    big = b"x" * (BODY_MOST + 1)
    refused(big, forgery.detached(forgery.token(forgery.header(KEY), big, KEY)))
    refused(BODY, sign_detached(BODY, KEY) + "A" * 5_000)


def test_an_older_key_verifies_as_long_as_it_is_in_the_ring() -> None:
    newer = SigningKey.generate()
    signature = sign_detached(BODY, KEY)
    assert verify_detached(BODY, signature, KeyRing(newer.public, KEY.public)) == KEY.kid
    refused(BODY, signature, KeyRing(newer.public))


def test_a_flood_of_invented_headers_does_not_fill_the_memory() -> None:
    most = read_protected.cache_info().maxsize
    assert most is not None
    for number in range(most + 50):
        refused(BODY, forged(kid=f"invented-{number}"))
    assert read_protected.cache_info().currsize <= most
    assert verify_detached(BODY, sign_detached(BODY, KEY), RING) == KEY.kid


def test_a_remembered_header_gives_no_trust_to_another_body_or_ring() -> None:
    signature = sign_detached(BODY, KEY)
    assert verify_detached(BODY, signature, RING) == KEY.kid
    refused(BODY + b" ", signature)
    refused(BODY, signature, KeyRing(SigningKey.generate().public))
