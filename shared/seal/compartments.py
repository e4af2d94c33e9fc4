"""Compartments: each encrypted under its own key, and that key split in two.

The gateway holds one half and cannot read; the recipient holds the other and cannot read either, until the gateway
gives its half away. Follows section 4 of the wire contract: AES-256-GCM per compartment, bound by `aad` to message
and name; all recipient halves in one HPKE message (RFC 9180, single-shot base mode), bound by `info` to message,
recipient key and basis; hub halves fixed by their hash in the signed body. HPKE does not say who sealed: the message
signature does. Whatever does not open is one error with one text.
"""

import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import b64url, from_b64url, sha256, sha256_b64url
from shared.kernel.errors import InputRejected, MeshError
from shared.seal.encryption import EncryptionKey, EncryptionPublicKey
from shared.seal.strict_json import read_json, read_object

#: The most compartments one message has.
MOST_COMPARTMENTS: Final = 16

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER_MOST = 4_096
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
#: 32 bytes in base64url: the last character carries four bits (RFC 4648 section 3.5).
_SHARE = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


@dataclass(frozen=True, slots=True)
class SealedCompartment:
    """One compartment as it stands in the signed body; both members base64url."""

    share_sha256: str
    ciphertext: str


@dataclass(frozen=True, slots=True)
class SealedBundle:
    """What sealing makes: `sealed` and `compartments` for the signed body, `hub_shares` for the gateway alone."""

    sealed: Mapping[str, str]
    compartments: Mapping[str, SealedCompartment]
    hub_shares: Mapping[str, str]


def seal(
    plaintexts: Mapping[str, Any], *, message_id: str, basis: Mapping[str, Any], recipient: EncryptionPublicKey
) -> SealedBundle:
    """Seal JSON values, one per compartment name, for one recipient under the suite of its key.

    `basis` is the message's basis exactly as it stands in the signed body. Raises `InputRejected`:
    `seal.compartments` for no, too many or misnamed compartments, `encoding.canonical-json` for what is not JSON.
    """
    if not 1 <= len(plaintexts) <= MOST_COMPARTMENTS or not all(map(_NAME.fullmatch, plaintexts)):
        raise InputRejected("seal.compartments", "Seal between one and sixteen compartments, by their names.")
    compartments, hub_shares, recipient_shares = {}, {}, {}
    # one draw for all: each call to the system lets other threads run first, which costs more than the sealing
    random = BytesIO(os.urandom(len(plaintexts) * (2 * _KEY_BYTES + _NONCE_BYTES)))
    for name, value in plaintexts.items():
        key, hub_share, nonce = random.read(_KEY_BYTES), random.read(_KEY_BYTES), random.read(_NONCE_BYTES)
        ciphertext = nonce + AESGCM(key).encrypt(nonce, canonical_json(value), _aad(message_id, name))
        compartments[name] = SealedCompartment(sha256_b64url(hub_share), b64url(ciphertext))
        hub_shares[name] = b64url(hub_share)
        recipient_shares[name] = b64url(_xor(key, hub_share))
    info = _info(message_id, recipient.kid, basis)
    enc_ct = recipient.wrap(canonical_json(recipient_shares), info=info)
    sealed = {"suite": recipient.suite, "kid": recipient.kid, "enc_ct": b64url(enc_ct)}
    return SealedBundle(sealed, compartments, hub_shares)


def open_shares(
    sealed: Mapping[str, Any], *, message_id: str, basis: Mapping[str, Any], key: EncryptionKey
) -> dict[str, str]:
    """Return the recipient's halves by compartment name, base64url.

    `key` is the one named by `sealed["kid"]` (`AgencyKeys.encryption_key`). Raises `InputRejected` (`seal.broken`).
    """
    try:
        if sealed["suite"] != key.suite or sealed["kid"] != key.kid:
            raise ValueError
        plaintext = key.unwrap(from_b64url(sealed["enc_ct"]), info=_info(message_id, key.kid, basis))
        if plaintext is None:
            raise ValueError
        return _checked_shares(read_object(plaintext))
    except (ValueError, KeyError, TypeError, MeshError) as fault:
        raise seal_broken() from fault


def open_compartment(
    name: str, *, message_id: str, ciphertext: str, recipient_share: str, hub_share: str, share_sha256: str
) -> Any:
    """Join the two halves of a key and return the JSON value of one compartment.

    All bytes are base64url as on the wire; `share_sha256` comes from the signed body.
    Raises `InputRejected` (`seal.broken`).
    """
    try:
        if not hub_share_matches(hub_share, share_sha256=share_sha256):
            raise ValueError
        key = _xor(_share_bytes(recipient_share), _share_bytes(hub_share))
        return read_json(_decrypt(key, from_b64url(ciphertext), aad=_aad(message_id, name)))
    except (ValueError, InvalidTag, MeshError) as fault:
        raise seal_broken() from fault


def hub_share_matches(hub_share: str, *, share_sha256: str) -> bool:
    """Say whether a hub half is the one that the sender signed for."""
    try:
        return hmac.compare_digest(sha256(_share_bytes(hub_share)), from_b64url(share_sha256))
    except (ValueError, MeshError):
        return False


def encode_hub_shares(hub_shares: Mapping[str, str]) -> str:
    """Write hub halves as the value of the request header `Hub-Shares`."""
    return b64url(canonical_json(dict(hub_shares)))


def decode_hub_shares(header: str) -> dict[str, str]:
    """Read the value of the request header `Hub-Shares`. Raises `InputRejected` (`hub-shares.malformed`)."""
    try:
        if len(header) > _HEADER_MOST:
            raise ValueError
        return _checked_shares(read_object(from_b64url(header)))
    except (ValueError, MeshError) as fault:
        raise InputRejected(
            "hub-shares.malformed", "Send Hub-Shares as base64url of a JSON object from compartment name to share."
        ) from fault


def seal_broken() -> InputRejected:
    """Return the one error for everything that does not open."""
    return InputRejected("seal.broken", "This compartment does not open with these keys in this message.")


def _aad(message_id: str, name: str) -> bytes:
    return f"rm1|{message_id}|{name}".encode()


def _info(message_id: str, recipient_kid: str, basis: Mapping[str, Any]) -> bytes:
    return f"rm1|{message_id}|{recipient_kid}|{sha256_b64url(canonical_json(dict(basis)))}".encode()


def _decrypt(key: bytes, ciphertext: bytes, *, aad: bytes) -> bytes:
    if len(ciphertext) < _NONCE_BYTES + _TAG_BYTES:
        raise ValueError
    return AESGCM(key).decrypt(ciphertext[:_NONCE_BYTES], ciphertext[_NONCE_BYTES:], aad)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _share_bytes(share: str) -> bytes:
    data = from_b64url(share)
    if len(data) != _KEY_BYTES:
        raise ValueError
    return data


def _checked_shares(shares: Mapping[str, Any]) -> dict[str, str]:
    if not 1 <= len(shares) <= MOST_COMPARTMENTS:
        raise ValueError
    for name, share in shares.items():
        if not isinstance(share, str) or not _NAME.fullmatch(name) or not _SHARE.fullmatch(share):
            raise ValueError
    return dict(shares)
