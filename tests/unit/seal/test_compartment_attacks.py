"""Attacks on sealed compartments: whatever was moved, renamed, swapped, changed or cut does not open."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import b64url, from_b64url, sha256_b64url
from shared.kernel.errors import InputRejected
from shared.seal.compartments import (
    MOST_COMPARTMENTS,
    SealedBundle,
    decode_hub_shares,
    encode_hub_shares,
    hub_share_matches,
    open_compartment,
    open_shares,
    seal,
)
from shared.seal.encryption import HYBRID, SUITES, X25519, EncryptionKey

MESSAGE = "019aa575-4f50-7abc-8def-0123456789ab"
OTHER_MESSAGE = "019aa575-4f50-7abc-8def-ba9876543210"
BASIS = {"kind": "consent", "consent_id": "019aa570-0000-7abc-8def-0123456789ab"}
PLAIN = {"identity": {"given_name": "Người"}, "needs": {"shelter": True}}
KEYS = {suite: EncryptionKey.generate(suite=suite) for suite in SUITES}


@dataclass(frozen=True)
class Opening:
    """Everything needed to open `identity`, so that an attack changes one thing."""

    name: str
    message_id: str
    ciphertext: str
    recipient_share: str
    hub_share: str
    share_sha256: str

    def open(self) -> Any:
        return open_compartment(
            self.name,
            message_id=self.message_id,
            ciphertext=self.ciphertext,
            recipient_share=self.recipient_share,
            hub_share=self.hub_share,
            share_sha256=self.share_sha256,
        )


def sealed_for(key: EncryptionKey) -> SealedBundle:
    return seal(PLAIN, message_id=MESSAGE, basis=BASIS, recipient=key.public)


def opening(bundle: SealedBundle, key: EncryptionKey, name: str = "identity") -> Opening:
    shares = open_shares(bundle.sealed, message_id=MESSAGE, basis=BASIS, key=key)
    part = bundle.compartments[name]
    return Opening(name, MESSAGE, part.ciphertext, shares[name], bundle.hub_shares[name], part.share_sha256)


KEY = KEYS[X25519]
BUNDLE = sealed_for(KEY)
HONEST = opening(BUNDLE, KEY)
OTHER = opening(BUNDLE, KEY, "needs")


def broken(attack: Opening) -> None:
    with pytest.raises(InputRejected) as refusal:
        attack.open()
    assert refusal.value.code == "seal.broken"


def shares_broken(sealed: Any, *, key: EncryptionKey = KEY, message_id: str = MESSAGE, basis: Any = None) -> None:
    with pytest.raises(InputRejected) as refusal:
        open_shares(sealed, message_id=message_id, basis=BASIS if basis is None else basis, key=key)
    assert refusal.value.code == "seal.broken"


@pytest.mark.parametrize("suite", SUITES)
def test_what_was_sealed_opens_for_its_recipient_with_both_halves(suite: str) -> None:
    bundle = sealed_for(KEYS[suite])
    assert {name: opening(bundle, KEYS[suite], name).open() for name in PLAIN} == PLAIN
    assert (bundle.sealed["suite"], bundle.sealed["kid"]) == (suite, KEYS[suite].kid)


def test_nothing_in_the_signed_body_shows_a_value_or_a_half() -> None:
    body = json.dumps(
        [dict(BUNDLE.sealed), [[part.share_sha256, part.ciphertext] for part in BUNDLE.compartments.values()]]
    )
    assert "Người" not in body
    assert not any(share in body for share in BUNDLE.hub_shares.values())
    assert not any(part.recipient_share in body for part in (HONEST, OTHER))


def test_sealing_the_same_twice_shares_nothing() -> None:
    again = sealed_for(KEY)
    assert set(again.hub_shares.values()).isdisjoint(BUNDLE.hub_shares.values())
    assert all(again.compartments[name].ciphertext != BUNDLE.compartments[name].ciphertext for name in PLAIN)


def test_a_compartment_moved_to_another_message_does_not_open() -> None:
    broken(replace(HONEST, message_id=OTHER_MESSAGE))


def test_a_renamed_compartment_does_not_open() -> None:
    broken(replace(HONEST, name="needs"))


def test_a_swapped_hub_half_does_not_open() -> None:
    broken(replace(HONEST, hub_share=OTHER.hub_share))


def test_a_swapped_hub_half_with_a_fitting_hash_does_not_open() -> None:
    broken(replace(HONEST, hub_share=OTHER.hub_share, share_sha256=OTHER.share_sha256))


def test_a_swapped_recipient_half_does_not_open() -> None:
    broken(replace(HONEST, recipient_share=OTHER.recipient_share))


def test_a_swapped_ciphertext_does_not_open() -> None:
    broken(replace(HONEST, ciphertext=OTHER.ciphertext))


def test_one_half_alone_opens_nothing() -> None:
    nothing = b64url(bytes(32))
    broken(replace(HONEST, recipient_share=nothing))
    broken(replace(HONEST, hub_share=nothing, share_sha256=sha256_b64url(bytes(32))))
    broken(replace(HONEST, recipient_share=HONEST.hub_share))


@pytest.mark.parametrize("field", ["ciphertext", "recipient_share", "hub_share", "share_sha256"])
@pytest.mark.parametrize("value", ["", "AA", "not base64!", "=", "A" * 43 + "=", b64url(bytes(27)), b64url(bytes(33))])
def test_cut_or_garbled_parts_do_not_open(field: str, value: str) -> None:
    broken(replace(HONEST, **{field: value}))


@pytest.mark.parametrize("keep", [0, 1, 12, 27, 28, -1])
def test_a_truncated_ciphertext_does_not_open(keep: int) -> None:
    broken(replace(HONEST, ciphertext=b64url(from_b64url(HONEST.ciphertext)[:keep])))


@pytest.mark.parametrize("plaintext", [b"", b"{", b"\xff", b'{"a":1,"a":2}', b"NaN", b"[" * 100_000])
def test_a_sender_who_seals_garbage_is_answered_like_any_other(plaintext: bytes) -> None:
    pairs = zip(from_b64url(HONEST.hub_share), from_b64url(HONEST.recipient_share), strict=True)
    key = bytes(one ^ other for one, other in pairs)
    ciphertext = bytes(12) + AESGCM(key).encrypt(bytes(12), plaintext, f"rm1|{MESSAGE}|identity".encode())
    broken(replace(HONEST, ciphertext=b64url(ciphertext)))


@pytest.mark.parametrize("suite", SUITES)
def test_halves_sealed_to_another_recipient_do_not_open(suite: str) -> None:
    other = EncryptionKey.generate(suite=suite)
    bundle = sealed_for(KEYS[suite])
    shares_broken(bundle.sealed, key=other)
    shares_broken({**bundle.sealed, "kid": other.kid}, key=other)


@pytest.mark.parametrize("suite", SUITES)
def test_halves_moved_to_another_message_or_basis_do_not_open(suite: str) -> None:
    key, sealed = KEYS[suite], sealed_for(KEYS[suite]).sealed
    shares_broken(sealed, key=key, message_id=OTHER_MESSAGE)
    shares_broken(sealed, key=key, basis={**BASIS, "consent_id": OTHER_MESSAGE})
    shares_broken(sealed, key=key, basis={**BASIS, "further": 1})
    shares_broken(sealed, key=key, basis={})


def test_the_order_of_members_in_the_basis_does_not_matter() -> None:
    turned = dict(reversed(BASIS.items()))
    assert open_shares(BUNDLE.sealed, message_id=MESSAGE, basis=turned, key=KEY)


def test_a_renamed_suite_does_not_open() -> None:
    shares_broken({**BUNDLE.sealed, "suite": HYBRID})
    shares_broken({**BUNDLE.sealed, "suite": "none"})
    shares_broken({**BUNDLE.sealed, "suite": HYBRID}, key=KEYS[HYBRID])


@pytest.mark.parametrize("member", ["suite", "kid", "enc_ct"])
def test_a_sealed_part_without_a_member_does_not_open(member: str) -> None:
    shares_broken({name: value for name, value in BUNDLE.sealed.items() if name != member})
    shares_broken({**BUNDLE.sealed, member: None})
    shares_broken({**BUNDLE.sealed, member: ""})


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("keep", [0, 31, 32, 47, 48, 1_120, 1_136, -1])
def test_a_truncated_encapsulation_does_not_open(suite: str, keep: int) -> None:
    sealed = sealed_for(KEYS[suite]).sealed
    whole = from_b64url(sealed["enc_ct"])
    shares_broken({**sealed, "enc_ct": b64url(whole[: min(keep, len(whole) - 1)])}, key=KEYS[suite])


@pytest.mark.parametrize(
    "shares",
    [{}, [], None, {"identity": "AA"}, {"identity": 7}, {"Not A Name": b64url(bytes(32))}, {"a|b": b64url(bytes(32))}],
)
def test_misshapen_halves_inside_a_good_seal_do_not_open(shares: Any) -> None:
    info = f"rm1|{MESSAGE}|{KEY.kid}|{sha256_b64url(canonical_json(BASIS))}".encode()
    enc_ct = KEY.public.wrap(canonical_json(shares), info=info)
    shares_broken({"suite": X25519, "kid": KEY.kid, "enc_ct": b64url(enc_ct)})


def test_the_hub_can_check_its_half_against_the_signed_hash() -> None:
    assert hub_share_matches(HONEST.hub_share, share_sha256=HONEST.share_sha256)
    assert not hub_share_matches(OTHER.hub_share, share_sha256=HONEST.share_sha256)
    assert not hub_share_matches("", share_sha256=HONEST.share_sha256)
    assert not hub_share_matches(HONEST.hub_share, share_sha256="")


def test_hub_halves_travel_in_a_header() -> None:
    header = encode_hub_shares(BUNDLE.hub_shares)
    assert decode_hub_shares(header) == BUNDLE.hub_shares
    assert header.isascii()


@pytest.mark.parametrize(
    "header",
    ["", "é", "e30", "bnVsbA", b64url(b'{"identity":"AA"}'), b64url(b'{"identity":null}'), "A" * 5_000]
    + [b64url(f'{{"{name}":"{b64url(bytes(32))}"}}'.encode()) for name in ("A", "a b", "a" * 64, "")]
    + [b64url(f'{{"a":"{b64url(bytes(32))}","a":"{b64url(bytes(32))}"}}'.encode())],
)
def test_a_malformed_hub_header_is_refused(header: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        decode_hub_shares(header)
    assert refusal.value.code == "hub-shares.malformed"


@pytest.mark.parametrize(
    "plaintexts", [{}, {"": {}}, {"a|b": {}}, {"Identity": {}}, {f"c{n}": {} for n in range(MOST_COMPARTMENTS + 1)}]
)
def test_sealing_refuses_no_too_many_or_misnamed_compartments(plaintexts: dict[str, Any]) -> None:
    with pytest.raises(InputRejected) as refusal:
        seal(plaintexts, message_id=MESSAGE, basis=BASIS, recipient=KEY.public)
    assert refusal.value.code == "seal.compartments"


def test_the_most_compartments_of_one_message_fit_the_header() -> None:
    plaintexts = {f"c{'x' * 61}{n:x}": {} for n in range(MOST_COMPARTMENTS)}
    bundle = seal(plaintexts, message_id=MESSAGE, basis=BASIS, recipient=KEY.public)
    assert decode_hub_shares(encode_hub_shares(bundle.hub_shares)) == bundle.hub_shares
