"""Keys that come from outside: which are taken over, and which are refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from shared.kernel.encoding import b64url
from shared.kernel.errors import InputRejected
from shared.seal.encryption import HYBRID, SUITES, X25519, EncryptionKey, EncryptionPublicKey
from shared.seal.jwks import MOST_KEYS
from shared.seal.signing import KeyRing, SigningKey, VerificationKey

SIGNING = SigningKey.generate()
PUBLIC = SIGNING.public.public_jwk()
X_PUBLIC = EncryptionKey.generate().public.public_jwk()
HYBRID_PUBLIC = EncryptionKey.generate(suite=HYBRID).public.public_jwk()


def key_refused(make: Any, *args: Any) -> None:
    with pytest.raises(InputRejected) as refusal:
        make(*args)
    assert refusal.value.code == "key.invalid"


def public_jwk(key: Any) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


@pytest.mark.parametrize(
    ("jwk", "algorithm"),
    [
        (PUBLIC, "ES256"),
        (public_jwk(ECKey.generate_key("P-384")), "ES384"),
        (public_jwk(RSAKey.generate_key(2048)), "RS384"),
    ],
)
def test_the_type_of_a_key_fixes_its_algorithm(jwk: dict[str, Any], algorithm: str) -> None:
    assert VerificationKey.from_jwk({**jwk, "kid": VerificationKey.from_jwk(jwk).kid}).algorithm == algorithm
    for other in {"ES256", "ES384", "RS384", "HS256", "none", "RS256"} - {algorithm}:
        key_refused(VerificationKey.from_jwk, {**jwk, "alg": other})


@pytest.mark.parametrize(
    "jwk",
    [
        public_jwk(ECKey.generate_key("P-521")),
        public_jwk(ECKey.generate_key("secp256k1")),
        public_jwk(OKPKey.generate_key("Ed25519")),
        {"kty": "RSA", "n": b64url(b"\xff" * 128), "e": "AQAB"},
        OctKey.generate_key(256).as_dict(private=True),
        {"kty": "oct"},
        X_PUBLIC,
        {},
        [],
        None,
        "-----BEGIN PUBLIC KEY-----",
        b"\x30\x59",
    ],
)
def test_other_curves_short_rsa_symmetric_keys_and_non_keys_are_refused(jwk: Any) -> None:
    key_refused(VerificationKey.from_jwk, jwk)


@pytest.mark.parametrize("member", ["kty", "crv", "x", "y"])
@pytest.mark.parametrize(
    "value", ["", "A", 1, None, [], "P-384", b64url(bytes(32)), b64url(b"\xff" * 32), b64url(bytes(33))]
)
def test_a_misshapen_member_is_refused(member: str, value: Any) -> None:
    key_refused(VerificationKey.from_jwk, {**PUBLIC, member: value})


def test_a_point_off_its_curve_is_refused() -> None:
    key_refused(VerificationKey.from_jwk, {"kty": "EC", "crv": "P-256", "x": PUBLIC["x"], "y": PUBLIC["x"]})


@pytest.mark.parametrize(
    ("n", "e"), [(b"\xff" * 256, 3), (b"\xff" * 256, 1), (b"\xff" * 255 + b"\xfe", 65537), (b"\xff" * 2048, 65537)]
)
def test_weak_or_huge_rsa_keys_are_refused(n: bytes, e: int) -> None:
    key_refused(VerificationKey.from_jwk, {"kty": "RSA", "n": b64url(n), "e": b64url(e.to_bytes(3).lstrip(b"\0"))})


@pytest.mark.parametrize("member", ["d", "p", "k", "priv"])
def test_a_private_member_in_a_published_key_is_refused(member: str) -> None:
    key_refused(VerificationKey.from_jwk, {**PUBLIC, member: "AA"})
    key_refused(EncryptionPublicKey.from_jwk, {**X_PUBLIC, member: "AA"})
    key_refused(KeyRing.from_jwks, {"keys": [PUBLIC, {**X_PUBLIC, member: "AA"}]})


def test_the_name_of_a_message_key_is_its_thumbprint_and_nothing_else() -> None:
    unnamed = {name: value for name, value in PUBLIC.items() if name != "kid"}
    assert VerificationKey.from_jwk(unnamed).kid == SIGNING.kid
    for kid in ("key-1", "", SigningKey.generate().kid, 7, None):
        key_refused(VerificationKey.from_jwk, {**PUBLIC, "kid": kid})


def test_a_smart_client_may_name_its_own_keys_within_reason() -> None:
    jwk = public_jwk(ECKey.generate_key("P-384"))
    assert VerificationKey.from_jwk({**jwk, "kid": "emr-2026"}).kid == "emr-2026"
    for kid in ("", "x" * 129, 7, ["a"]):
        key_refused(VerificationKey.from_jwk, {**jwk, "kid": kid})


def test_an_encryption_key_is_no_signing_key_and_the_reverse() -> None:
    key_refused(VerificationKey.from_jwk, {**PUBLIC, "use": "enc"})
    key_refused(EncryptionPublicKey.from_jwk, {**X_PUBLIC, "use": "sig"})
    key_refused(EncryptionPublicKey.from_jwk, PUBLIC)
    key_refused(KeyRing.from_jwks, {"keys": [X_PUBLIC]})
    key_refused(EncryptionPublicKey.from_jwks, {"keys": [PUBLIC]})


@pytest.mark.parametrize(
    "jwks",
    [
        None,
        [],
        {},
        {"keys": []},
        {"keys": {}},
        {"keys": [None]},
        {"keys": [PUBLIC, PUBLIC]},
        {"keys": [PUBLIC] * (MOST_KEYS + 1)},
    ],
)
def test_a_misshapen_key_set_is_refused(jwks: Any) -> None:
    key_refused(KeyRing.from_jwks, jwks)


def test_a_ring_never_answers_with_another_key() -> None:
    ring = KeyRing.from_jwks({"keys": [PUBLIC, X_PUBLIC]})
    assert ring.get(SIGNING.kid) is not None
    assert ring.get(SigningKey.generate().kid) is None
    assert [key.kid for key in ring] == [SIGNING.kid]


def test_the_first_published_encryption_key_is_taken_and_unknown_types_are_passed_over() -> None:
    newer = {"kty": "AKP", "alg": "mlkem1024-something", "pub": "AA", "use": "enc"}
    jwks = {"keys": [PUBLIC, newer, HYBRID_PUBLIC, X_PUBLIC]}
    assert EncryptionPublicKey.from_jwks(jwks).suite == HYBRID
    assert EncryptionPublicKey.from_jwks(jwks, suites={X25519}).suite == X25519


@pytest.mark.parametrize("jwk", [X_PUBLIC, HYBRID_PUBLIC])
def test_a_published_encryption_key_comes_back_the_same(jwk: dict[str, Any]) -> None:
    assert EncryptionPublicKey.from_jwk(jwk).public_jwk() == jwk
    key_refused(EncryptionPublicKey.from_jwk, {**jwk, "kid": "other"})
    for member in ("x", "pub"):
        if member in jwk:
            for value in ("", "AA", 7, None, jwk[member][:-4], jwk[member] + "AAAA"):
                key_refused(EncryptionPublicKey.from_jwk, {**jwk, "kid": "", member: value})


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
def test_points_of_small_order_are_refused(point: bytes) -> None:
    key_refused(EncryptionPublicKey.from_jwk, {"kty": "OKP", "crv": "X25519", "x": b64url(point)})


def test_an_encapsulation_key_out_of_range_is_refused() -> None:
    garbage = b64url(b"\xff" * 1184 + b"\x09" + bytes(31))  # FIPS 203 section 7.2, modulus check
    key_refused(EncryptionPublicKey.from_jwk, {"kty": "AKP", "alg": HYBRID, "pub": garbage})


def test_a_private_key_whose_public_part_is_anothers_is_refused() -> None:
    other = SigningKey.generate().private_jwk()
    key_refused(SigningKey.from_private_jwk, {**SIGNING.private_jwk(), "x": other["x"], "y": other["y"]})
    key_refused(SigningKey.from_private_jwk, {**SIGNING.private_jwk(), "d": other["d"]})
    for suite in SUITES:
        mine, theirs = (EncryptionKey.generate(suite=suite).private_jwk() for _ in range(2))
        secret = "d" if suite == X25519 else "priv"
        key_refused(EncryptionKey.from_private_jwk, {**mine, secret: theirs[secret]})


@pytest.mark.parametrize("d", ["", "AA", b64url(bytes(32)), b64url(b"\xff" * 32), None, 7])
def test_a_private_number_out_of_range_is_refused(d: Any) -> None:
    key_refused(SigningKey.from_private_jwk, {**SIGNING.private_jwk(), "d": d})


@pytest.mark.parametrize("jwk", [None, [], {}, PUBLIC, {"kty": "RSA"}, ec.generate_private_key(ec.SECP256R1())])
def test_what_is_no_private_key_is_refused(jwk: Any) -> None:
    key_refused(SigningKey.from_private_jwk, jwk)
    key_refused(EncryptionKey.from_private_jwk, jwk)


def test_an_unknown_suite_makes_no_key() -> None:
    with pytest.raises(InputRejected) as refusal:
        EncryptionKey.generate(suite="none")
    assert refusal.value.code == "key.suite"
