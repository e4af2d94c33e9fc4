"""Keys to which compartments are sealed: X25519, or ML-KEM-768 together with X25519.

The type of the recipient's key fixes the HPKE suite (RFC 9180), so nobody can talk a sender down to another one.

    X25519   {"kty": "OKP", "crv": "X25519", "x": <32 bytes>}                     RFC 8037; private member `d`
    hybrid   {"kty": "AKP", "alg": <suite name>, "pub": <1184 bytes ML-KEM-768 || 32 bytes X25519>}
             private member `priv`: a 32-byte seed; SHAKE256(seed) gives the 64-byte ML-KEM seed, then the 32-byte
             X25519 key, as X-Wing does (draft-connolly-cfrg-xwing-kem, HPKE KEM 0x647a).

Both carry `use: enc` and a `kid` that is the RFC 7638 thumbprint of the members shown above.
"""

import os
from collections.abc import Collection, Mapping
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from shared.kernel.encoding import b64url
from shared.kernel.errors import InputRejected
from shared.seal.jwks import bytes_member, key_list, key_rejected, public_members, text_member, thumbprint

X25519: Final = "x25519-hkdf-sha256-aes256gcm"
HYBRID: Final = "mlkem768x25519-hkdf-sha256-aes256gcm"
SUITES: Final = (X25519, HYBRID)

_KEM_PUBLIC_BYTES = 1184
_SEED_BYTES = 32


def suite_of(jwk: Mapping[str, Any]) -> str | None:
    """Return the one HPKE suite that a key of this type is used with; None for a type that is none of ours."""
    if jwk.get("kty") == "OKP" and jwk.get("crv") == "X25519":
        return X25519
    if jwk.get("kty") == "AKP" and jwk.get("alg") == HYBRID:
        return HYBRID
    return None


class EncryptionPublicKey:
    """The public half to which an agency is sealed to; `suite` is fixed by its type."""

    __slots__ = ("_hpke", "_members", "kid", "suite")

    def __init__(self, suite: str, members: Mapping[str, str]) -> None:
        self.suite = suite
        self._members = dict(members)
        self._hpke = _hpke_public(suite, members)
        self.kid = thumbprint(members)

    @classmethod
    def from_jwk(cls, jwk: Any) -> Self:
        """Read a public JWK of either type. Raises `InputRejected` (`key.invalid`)."""
        jwk = public_members(jwk)
        suite, members = _checked_members(jwk)
        key = cls(suite, members)
        if jwk.get("use", "enc") != "enc" or jwk.get("kid", key.kid) != key.kid:
            raise key_rejected()
        return key

    @classmethod
    def from_jwks(cls, jwks: Any, *, suites: Collection[str] = SUITES) -> Self:
        """Read the key that an agency wants to be sealed to: the first with `use: enc` and one of `suites`.

        Keys of unknown types are passed over, so that an agency may publish newer ones beside.
        Raises `InputRejected` (`key.invalid`) when none is left.
        """
        for jwk in key_list(jwks):
            if jwk.get("use") == "enc" and suite_of(jwk) in suites:
                return cls.from_jwk(jwk)
        raise key_rejected()

    def wrap(self, plaintext: bytes, *, info: bytes) -> bytes:
        """Return `enc || ct` of HPKE single-shot base mode; `info` binds the context."""
        return _hpke_suite(self.suite).encrypt(plaintext, self._hpke, info)

    def public_jwk(self) -> dict[str, str]:
        """Return the key as a public JWK with `kid` and `use`."""
        return {**self._members, "kid": self.kid, "use": "enc"}

    def __repr__(self) -> str:
        return f"EncryptionPublicKey({self.kid}, {self.suite})"


class EncryptionKey:
    """A private key that opens what was sealed to its public half. Its text form never shows the key."""

    __slots__ = ("_hpke", "_secret", "public")

    def __init__(self, suite: str, secret: bytes) -> None:
        self._secret = secret
        self._hpke, members = _hpke_private(suite, secret)
        self.public = EncryptionPublicKey(suite, members)

    @classmethod
    def generate(cls, *, suite: str = X25519) -> Self:
        """Make a fresh key for `suite`."""
        return cls(suite, os.urandom(_SEED_BYTES))

    @classmethod
    def from_private_jwk(cls, jwk: Any) -> Self:
        """Read a private JWK whose public member belongs to it. Raises `InputRejected` (`key.invalid`)."""
        if not isinstance(jwk, Mapping):
            raise key_rejected()
        suite, members = _checked_members(jwk)
        key = cls(suite, bytes_member(jwk, _SECRET_MEMBER[suite], length=_SEED_BYTES))
        if key.kid != thumbprint(members):
            raise key_rejected()
        return key

    @property
    def kid(self) -> str:
        """The thumbprint (RFC 7638) of the public half."""
        return self.public.kid

    @property
    def suite(self) -> str:
        """The name of the one HPKE suite this key is used with."""
        return self.public.suite

    def unwrap(self, enc_ct: bytes, *, info: bytes) -> bytes | None:
        """Return the plaintext of `enc || ct`, or None when it was not sealed to this key under this `info`."""
        try:
            return _hpke_suite(self.suite).decrypt(enc_ct, self._hpke, info)
        except (InvalidTag, ValueError):
            return None

    def private_jwk(self) -> dict[str, str]:
        """Return the whole key as a private JWK. For key files only."""
        return {**self.public.public_jwk(), _SECRET_MEMBER[self.suite]: b64url(self._secret)}

    def __repr__(self) -> str:
        return f"EncryptionKey({self.kid}, {self.suite})"


_SECRET_MEMBER = {X25519: "d", HYBRID: "priv"}


def _hpke_suite(name: str) -> Suite:
    kem = KEM.X25519 if name == X25519 else KEM.MLKEM768_X25519
    return Suite(kem, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _checked_members(jwk: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    match suite_of(jwk):
        case "x25519-hkdf-sha256-aes256gcm":
            return X25519, {"crv": "X25519", "kty": "OKP", "x": b64url(bytes_member(jwk, "x", length=32))}
        case "mlkem768x25519-hkdf-sha256-aes256gcm":
            bytes_member(jwk, "pub", length=_KEM_PUBLIC_BYTES + 32)
            return HYBRID, {"alg": HYBRID, "kty": "AKP", "pub": text_member(jwk, "pub")}
        case _:
            raise key_rejected()


def _hpke_public(suite: str, members: Mapping[str, str]) -> X25519PublicKey | MLKEM768X25519PublicKey:
    try:
        if suite == X25519:
            return _x25519_public(bytes_member(members, "x"))
        public = bytes_member(members, "pub")
        kem = MLKEM768PublicKey.from_public_bytes(public[:_KEM_PUBLIC_BYTES])
        return MLKEM768X25519PublicKey(kem, _x25519_public(public[_KEM_PUBLIC_BYTES:]))
    except ValueError as fault:
        raise key_rejected() from fault


def _x25519_public(point: bytes) -> X25519PublicKey:
    """Read a point, refusing those of small order (RFC 7748 section 6.1: the all-zero secret)."""
    public = X25519PublicKey.from_public_bytes(point)
    X25519PrivateKey.generate().exchange(public)
    return public


def _hpke_private(suite: str, secret: bytes) -> tuple[X25519PrivateKey | MLKEM768X25519PrivateKey, dict[str, str]]:
    if suite == X25519:
        private = X25519PrivateKey.from_private_bytes(secret)
        return private, {"crv": "X25519", "kty": "OKP", "x": b64url(private.public_key().public_bytes_raw())}
    if suite != HYBRID:
        raise InputRejected("key.suite", "This sealing suite is not supported.")
    kem, curve = _expand_seed(secret)
    public = kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return MLKEM768X25519PrivateKey(kem, curve), {"alg": HYBRID, "kty": "AKP", "pub": b64url(public)}


def _expand_seed(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    shake = hashes.Hash(hashes.SHAKE256(96))
    shake.update(seed)
    expanded = shake.finalize()
    return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
