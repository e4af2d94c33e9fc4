"""Encryption at rest: one data key per referral, kept wrapped under the deployable's master key.

Destroying the wrapped key is sealing the referral off: what was encrypted under it is gone, backups included.
AES-256-GCM; a form is one version byte, a 12-byte random nonce, then ciphertext and tag. `context` says where the bytes
belong (such as `referral/<id>/identity`), so that nothing read from one row opens in another.

What has to be found again without being kept is blinded: HMAC-SHA-256 under a key made from the master key by
HKDF-SHA-256 (RFC 5869), one for each purpose. Who has the database and not the key file cannot try names against it.
"""

import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.kernel.errors import InternalFault

MASTER_KEY_BYTES: Final = 32

_VERSION = b"\x01"
_NONCE_BYTES = 12
_LEAST = len(_VERSION) + _NONCE_BYTES + 16


class DataKey:
    """Thirty-two random bytes that encrypt the opened compartments of one referral. Never shown as text."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, plaintext: bytes, *, context: str) -> bytes:
        """Return `plaintext` encrypted, to be read back only under the same `context`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + AESGCM(self._key).encrypt(nonce, plaintext, _aad(context))

    def decrypt(self, stored: bytes, *, context: str) -> bytes:
        """Return the plaintext of `stored`. Raises `InternalFault` (`at-rest.unreadable`)."""
        if len(stored) < _LEAST or not stored.startswith(_VERSION):
            raise _unreadable()
        nonce, ciphertext = stored[1 : 1 + _NONCE_BYTES], stored[1 + _NONCE_BYTES :]
        try:
            return AESGCM(self._key).decrypt(nonce, ciphertext, _aad(context))
        except InvalidTag as fault:
            raise _unreadable() from fault


class Vault:
    """Makes and unwraps data keys with the master key from the deployable's key file."""

    __slots__ = ("_blinding", "_master")

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != MASTER_KEY_BYTES:
            raise InternalFault("at-rest.master-key", "A master key has 32 bytes.")
        self._master = DataKey(master_key)
        self._blinding = master_key

    def new_key(self, context: str) -> tuple[DataKey, bytes]:
        """Return a fresh data key, and the same key wrapped for storage under `context`."""
        key = os.urandom(MASTER_KEY_BYTES)
        return DataKey(key), self._master.encrypt(key, context=_wrapped(context))

    def unwrap(self, wrapped: bytes, context: str) -> DataKey:
        """Return the data key in `wrapped`. Raises `InternalFault` (`at-rest.unreadable`)."""
        return DataKey(self._master.decrypt(wrapped, context=_wrapped(context)))

    def blind(self, text: str, purpose: str) -> str:
        """Return what a text is found by without being kept: hex, the same for the same text and purpose only.

        `text` has to be in its one normal form before: this compares bytes.
        """
        info = f"rm-blind-1|{purpose}".encode()
        key = HKDF(algorithm=SHA256(), length=MASTER_KEY_BYTES, salt=None, info=info).derive(self._blinding)
        return hmac.digest(key, text.encode(), "sha256").hex()


def _wrapped(context: str) -> str:
    return f"key|{context}"


def _aad(context: str) -> bytes:
    return f"rm-at-rest-1|{context}".encode()


def _unreadable() -> InternalFault:
    return InternalFault("at-rest.unreadable", "Stored data does not open: wrong key, wrong place or damaged.")
