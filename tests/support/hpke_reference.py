"""HPKE base mode, single shot, written from RFC 9180 on plain HKDF: an independent check of the sealing library.

Only DHKEM(X25519, HKDF-SHA256) with HKDF-SHA256 and AES-GCM. For tests; slow and simple on purpose.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM_ID = (0x0020).to_bytes(2)
KDF_ID = (0x0001).to_bytes(2)
AES_128_GCM = 0x0001
AES_256_GCM = 0x0002
KEY_BYTES = {AES_128_GCM: 16, AES_256_GCM: 32}
BASE_MODE = b"\x00"


@dataclass(frozen=True)
class Context:
    """The key schedule's result for the first message (RFC 9180 section 5.1)."""

    key: bytes
    base_nonce: bytes


def shared_secret(private: bytes, enc: bytes, *, peer: bytes, recipient: bytes) -> bytes:
    """ExtractAndExpand of section 4.1; `peer` is the other side's public key."""
    dh = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(peer))
    suite = b"KEM" + KEM_ID
    eae_prk = _labeled_extract(suite, b"", b"eae_prk", dh)
    return _labeled_expand(suite, eae_prk, b"shared_secret", enc + recipient, 32)


def key_schedule(secret: bytes, info: bytes, *, aead: int) -> Context:
    """Section 5.1 for base mode without a pre-shared key."""
    suite = b"HPKE" + KEM_ID + KDF_ID + aead.to_bytes(2)
    psk_id_hash = _labeled_extract(suite, b"", b"psk_id_hash", b"")
    info_hash = _labeled_extract(suite, b"", b"info_hash", info)
    context = BASE_MODE + psk_id_hash + info_hash
    secret = _labeled_extract(suite, secret, b"secret", b"")
    key = _labeled_expand(suite, secret, b"key", context, KEY_BYTES[aead])
    return Context(key, _labeled_expand(suite, secret, b"base_nonce", context, 12))


def seal(plaintext: bytes, *, ephemeral: bytes, recipient: bytes, info: bytes, aad: bytes, aead: int) -> bytes:
    """Return `enc || ct` for the first message under a given ephemeral private key."""
    enc = public_of(ephemeral)
    secret = shared_secret(ephemeral, enc, peer=recipient, recipient=recipient)
    context = key_schedule(secret, info, aead=aead)
    return enc + AESGCM(context.key).encrypt(context.base_nonce, plaintext, aad)


def open_sealed(enc_ct: bytes, *, private: bytes, info: bytes, aad: bytes, aead: int) -> bytes:
    """Return the plaintext of `enc || ct`."""
    enc, ct = enc_ct[:32], enc_ct[32:]
    secret = shared_secret(private, enc, peer=enc, recipient=public_of(private))
    context = key_schedule(secret, info, aead=aead)
    return AESGCM(context.key).decrypt(context.base_nonce, ct, aad)


def public_of(private: bytes) -> bytes:
    """Return the X25519 public key of a private one."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _labeled_extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2) + b"HPKE-v1" + suite + label + info
    okm, block, counter = b"", b"", 1
    while len(okm) < length:
        block = hmac.digest(prk, block + labeled + bytes([counter]), hashlib.sha256)
        okm, counter = okm + block, counter + 1
    return okm[:length]
