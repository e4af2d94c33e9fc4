"""Any value seals and opens; any single bit that changes anywhere stops it; any garbage is an answer."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import InputRejected, NotAuthenticated
from shared.seal.checkpoints import CheckpointSigner, NoteVerifier, verify_note
from shared.seal.compartments import decode_hub_shares, open_compartment, open_shares, seal
from shared.seal.encryption import SUITES, EncryptionKey, EncryptionPublicKey
from shared.seal.jws import sign_compact, sign_detached, verify_compact, verify_detached
from shared.seal.signing import KeyRing, SigningKey, VerificationKey
from shared.seal.tokens import unverified_client_id

MESSAGE = "019aa575-4f50-7abc-8def-0123456789ab"
BASIS = {"kind": "consent"}
KEY = SigningKey.generate()
RING = KeyRing(KEY.public)
KEYS = {suite: EncryptionKey.generate(suite=suite) for suite in SUITES}
BUNDLES = {
    suite: seal({"safety": {"call": False}}, message_id=MESSAGE, basis=BASIS, recipient=key.public)
    for suite, key in KEYS.items()
}

text = st.text(st.characters(codec="utf-8"), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
suites = st.sampled_from(SUITES)


def bent(data: bytes, bit: int) -> bytes:
    """Return `data` with one bit turned over."""
    out = bytearray(data)
    out[bit // 8 % len(out)] ^= 1 << bit % 8
    return bytes(out)


def opened(name: str, parts: dict[str, str]) -> Any:
    return open_compartment(name, message_id=MESSAGE, **parts)


@given(
    st.dictionaries(names, json_values, min_size=1, max_size=5), st.dictionaries(text, json_values, max_size=3), suites
)
def test_any_compartments_open_to_what_was_sealed(plain: dict[str, Any], basis: dict[str, Any], suite: str) -> None:
    key = KEYS[suite]
    bundle = seal(plain, message_id=MESSAGE, basis=basis, recipient=key.public)
    shares = open_shares(bundle.sealed, message_id=MESSAGE, basis=basis, key=key)
    for name, part in bundle.compartments.items():
        halves = {"recipient_share": shares[name], "hub_share": bundle.hub_shares[name]}
        parts = {"ciphertext": part.ciphertext, "share_sha256": part.share_sha256, **halves}
        assert opened(name, parts) == plain[name]


@given(st.sampled_from(["ciphertext", "recipient_share", "hub_share", "share_sha256"]), st.integers(0, 10_000))
def test_one_turned_bit_keeps_a_compartment_closed(field: str, bit: int) -> None:
    suite = SUITES[0]
    bundle = BUNDLES[suite]
    shares = open_shares(bundle.sealed, message_id=MESSAGE, basis=BASIS, key=KEYS[suite])
    part = bundle.compartments["safety"]
    parts = {
        "ciphertext": part.ciphertext,
        "share_sha256": part.share_sha256,
        "recipient_share": shares["safety"],
        "hub_share": bundle.hub_shares["safety"],
    }
    with pytest.raises(InputRejected):
        opened("safety", {**parts, field: b64url(bent(from_b64url(parts[field]), bit))})


@given(suites, st.integers(0, 20_000))
@example(
    SUITES[0], 31 * 8 + 7
)  # X25519 ignores the top bit of a point (RFC 7748 section 5); HPKE binds it all the same
@example(SUITES[1], 1_119 * 8 + 7)
def test_one_turned_bit_keeps_the_halves_closed(suite: str, bit: int) -> None:
    sealed = BUNDLES[suite].sealed
    enc_ct = bent(from_b64url(sealed["enc_ct"]), bit)
    key = KEYS[suite]
    with pytest.raises(InputRejected):
        open_shares({**sealed, "enc_ct": b64url(enc_ct)}, message_id=MESSAGE, basis=BASIS, key=key)


@given(st.binary(max_size=300))
def test_any_body_verifies_as_signed(body: bytes) -> None:
    assert verify_detached(body, sign_detached(body, KEY), RING) == KEY.kid
    assert verify_compact(sign_compact(body, KEY), RING) == body


@given(st.binary(min_size=1, max_size=100), st.integers(0, 10_000))
def test_one_turned_bit_in_the_body_is_refused(body: bytes, bit: int) -> None:
    with pytest.raises(InputRejected):
        verify_detached(bent(body, bit), sign_detached(body, KEY), RING)


@given(st.integers(0, 10_000))
def test_one_turned_bit_in_header_or_signature_is_refused(bit: int) -> None:
    protected, _, signature = sign_detached(b"body", KEY).split(".")
    for head, tail in (
        (b64url(bent(from_b64url(protected), bit)), signature),
        (protected, b64url(bent(from_b64url(signature), bit))),
    ):
        with pytest.raises(InputRejected):
            verify_detached(b"body", f"{head}..{tail}", RING)


@given(text, json_values)
@settings(max_examples=2 * settings.default.max_examples)
def test_any_garbage_is_refused_with_an_answer(line: str, value: Any) -> None:
    for call in (
        lambda: verify_detached(b"", line, RING),
        lambda: verify_compact(line, RING),
        lambda: unverified_client_id(line),
        lambda: decode_hub_shares(line),
        lambda: NoteVerifier.from_vkey(line),
        lambda: verify_note(line, []),
        lambda: KeyRing.from_jwks(value),
        lambda: EncryptionPublicKey.from_jwks({"keys": [value]}),
        lambda: SigningKey.from_private_jwk(value),
        lambda: open_shares(
            {"suite": value, "kid": value, "enc_ct": value}, message_id=line, basis={}, key=KEYS[SUITES[0]]
        ),
    ):
        with pytest.raises((InputRejected, NotAuthenticated)):
            call()


members = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "pub", "alg", "use", "kid"])
member_values = (
    json_values
    | st.sampled_from(["EC", "RSA", "OKP", "AKP", "P-256", "X25519", "sig", "enc"])
    | st.binary(max_size=64).map(b64url)
)


@given(st.dictionaries(members, member_values))
@settings(max_examples=3 * settings.default.max_examples)
def test_any_key_like_object_is_a_key_or_is_refused(jwk: dict[str, Any]) -> None:
    for read in (VerificationKey.from_jwk, EncryptionPublicKey.from_jwk):
        with suppress(InputRejected):
            key = read(jwk)
            assert read(key.public_jwk()).public_jwk() == key.public_jwk()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=10), min_size=1))
def test_any_lines_come_back_from_a_note(lines: list[str]) -> None:
    signer = CheckpointSigner("gateway.example/ledger", bytes(32))
    note_text = "\n".join([*lines, "end"]) + "\n"
    assert verify_note(signer.sign(note_text), [signer.verifier]).text == note_text


@given(st.dictionaries(text, json_values, max_size=4))
def test_the_order_of_a_basis_never_matters_to_its_seal(basis: dict[str, Any]) -> None:
    key = KEYS[SUITES[0]]
    sealed = seal({"needs": 1}, message_id=MESSAGE, basis=basis, recipient=key.public).sealed
    turned = dict(reversed(basis.items()))
    assert canonical_json(turned) == canonical_json(basis)
    assert open_shares(sealed, message_id=MESSAGE, basis=turned, key=key)
