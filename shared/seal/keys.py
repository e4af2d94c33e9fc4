"""All keys of one deployable, and the door to the key types.

An agency signs with one current key and is sealed to under one current key. Older ones stay beside them after a
rotation: verification keys until every message they signed has expired, encryption keys until every message sealed to
them is settled. The key file also holds the master key of data at rest, and the seed that signs checkpoints of the
ledger or cosigns them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import InputRejected, InternalFault, MeshError
from shared.seal.at_rest import MASTER_KEY_BYTES, Vault
from shared.seal.checkpoints import SEED_BYTES, CheckpointSigner
from shared.seal.cosignatures import Cosigner
from shared.seal.encryption import HYBRID, SUITES, X25519, EncryptionKey, EncryptionPublicKey
from shared.seal.keyfile import read_key_file, write_key_file
from shared.seal.signing import KeyRing, SigningKey, VerificationKey

__all__ = [
    "HYBRID",
    "SUITES",
    "X25519",
    "AgencyKeys",
    "EncryptionKey",
    "EncryptionPublicKey",
    "KeyRing",
    "SigningKey",
    "VerificationKey",
]


@dataclass(frozen=True, slots=True, repr=False)
class AgencyKeys:
    """Every key of one agency, or of the gateway. Immutable: a rotation returns a new one to be saved."""

    signing: SigningKey
    encryption: EncryptionKey
    master_key: bytes
    checkpoint_seed: bytes
    older_verification: tuple[VerificationKey, ...] = ()
    older_encryption: tuple[EncryptionKey, ...] = ()

    @classmethod
    def generate(cls, *, suite: str = X25519) -> Self:
        """Make fresh keys; `suite` says to which kind of key the agency is sealed to."""
        return cls(
            SigningKey.generate(),
            EncryptionKey.generate(suite=suite),
            os.urandom(MASTER_KEY_BYTES),
            os.urandom(SEED_BYTES),
        )

    def public_jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the JWK Set for the directory: current keys first, then those still needed."""
        verification = [key.public_jwk() for key in (self.signing.public, *self.older_verification)]
        encryption = [key.public.public_jwk() for key in (self.encryption, *self.older_encryption)]
        return {"keys": verification + encryption}

    def ring(self) -> KeyRing:
        """Return the keys that verify this agency's own signatures."""
        return KeyRing(self.signing.public, *self.older_verification)

    def encryption_key(self, kid: str) -> EncryptionKey:
        """Return the private key that a message was sealed to. Raises `InputRejected` (`seal.broken`)."""
        for key in (self.encryption, *self.older_encryption):
            if key.kid == kid:
                return key
        raise InputRejected("seal.broken", "This message was sealed to a key that is not held here.")

    def new_signing_key(self) -> Self:
        """Rotate: sign with a fresh key from now on, and keep publishing the present one for verification."""
        older = (self.signing.public, *self.older_verification)
        return replace(self, signing=SigningKey.generate(), older_verification=older)

    def new_encryption_key(self, *, suite: str = X25519) -> Self:
        """Rotate: be sealed to under a fresh key from now on, and keep the present one for what is under way."""
        older = (self.encryption, *self.older_encryption)
        return replace(self, encryption=EncryptionKey.generate(suite=suite), older_encryption=older)

    def without(self, kid: str) -> Self:
        """Drop an older key whose time is over. The current keys stay."""
        return replace(
            self,
            older_verification=tuple(key for key in self.older_verification if key.kid != kid),
            older_encryption=tuple(key for key in self.older_encryption if key.kid != kid),
        )

    def vault(self) -> Vault:
        """Return the vault of this deployable's data at rest."""
        return Vault(self.master_key)

    def checkpoint_signer(self, name: str) -> CheckpointSigner:
        """Return the signer of ledger checkpoints under `name` (the log's origin)."""
        return CheckpointSigner(name, self.checkpoint_seed)

    def cosigner(self, name: str) -> Cosigner:
        """Return who cosigns checkpoints of a ledger under `name`: for an agency, which signs none of its own."""
        return Cosigner(name, self.checkpoint_seed)

    def check(self) -> None:
        """Prove that the keys are at hand and work. Raises `InternalFault` (`keys.locked`, `at-rest.unreadable`)."""
        told = b"ready"
        public = self.ring().get(self.signing.kid)
        if public is None or not public.verify(told, self.signing.sign(told)):
            raise InternalFault("keys.locked", "The keys of this service cannot be used.")
        key, wrapped = self.vault().new_key("check")
        self.vault().unwrap(wrapped, "check").decrypt(key.encrypt(told, context="check"), context="check")

    def save(self, path: Path, passphrase: str, *, first: bool = False) -> None:
        """Write the key file: encrypted, mode 0600, replaced whole, or refused where one is and this is the `first`.

        Raises `InputRejected` (`keys.passphrase`, `keys.unwritable`).
        """
        document = {
            "signing": self.signing.private_jwk(),
            "encryption": [key.private_jwk() for key in (self.encryption, *self.older_encryption)],
            "older_verification": [key.public_jwk() for key in self.older_verification],
            "master_key": b64url(self.master_key),
            "checkpoint_seed": b64url(self.checkpoint_seed),
        }
        write_key_file(path, document, passphrase=passphrase, first=first)

    @classmethod
    def load(cls, path: Path, passphrase: str) -> Self:
        """Read a key file. Raises `InputRejected` (`keys.unreadable`)."""
        document = read_key_file(path, passphrase=passphrase)
        try:
            return cls._from_document(document)
        except (LookupError, TypeError, ValueError, MeshError) as fault:
            raise InputRejected("keys.unreadable", "The key file opens, but its content is not whole.") from fault

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Self:
        encryption = [EncryptionKey.from_private_jwk(jwk) for jwk in document["encryption"]]
        return cls(
            SigningKey.from_private_jwk(document["signing"]),
            encryption[0],
            from_b64url(document["master_key"]),
            from_b64url(document["checkpoint_seed"]),
            tuple(VerificationKey.from_jwk(jwk) for jwk in document["older_verification"]),
            tuple(encryption[1:]),
        )

    def __repr__(self) -> str:
        return f"AgencyKeys({self.signing.kid}, {self.encryption.kid})"
