"""Keys that sign and keys that verify.

A key has one algorithm, fixed by its type when it is loaded and never read from a message: P-256 is ES256 and
signs messages; P-384 (ES384) and RSA of 2048 bits or more (RS384) only verify client assertions of SMART clients.
The python-jose key object is made once per key from checked members; PEM, DER and symmetric keys are not taken,
so no public key can serve as an HMAC secret (CVE-2024-33663 and its successor). Tokens are read through it; over data
a P-256 key signs and verifies by itself, because every message passes here and the library doubles what is not ECDSA.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from jose import jwk as jose_jwk
from jose.backends.base import Key
from jose.exceptions import JOSEError

from shared.kernel.encoding import b64url, from_b64url
from shared.seal.jwks import bytes_member, key_list, key_rejected, public_members, text_member, thumbprint

ES256: Final = "ES256"
ES384: Final = "ES384"
RS384: Final = "RS384"

#: Curves by the name in a JWK: algorithm and length of a coordinate in bytes (RFC 7518 section 6.2.1).
_COORDINATE = 32
_CURVES = {"P-256": (ES256, _COORDINATE), "P-384": (ES384, 48)}
_ECDSA = ec.ECDSA(hashes.SHA256())
_RSA_BITS = range(2048, 8193)
_RSA_EXPONENTS = range(65537, 2**32)
_KID_MOST = 128


class VerificationKey:
    """A public key of a known party, with the one algorithm it may be used with."""

    __slots__ = ("_members", "_point", "algorithm", "jose", "kid")

    def __init__(self, kid: str, algorithm: str, members: Mapping[str, str]) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self._members = dict(members)
        #: The library's key object; for this room only.
        self.jose = _jose_key(members, algorithm)
        self._point = _p256_key(members) if algorithm == ES256 else None

    @classmethod
    def from_jwk(cls, jwk: Any) -> Self:
        """Read a public JWK.

        The name of a P-256 key is always its thumbprint (RFC 7638); ES384 and RS384 keys of SMART clients may
        carry their own. Raises `InputRejected` (`key.invalid`).
        """
        jwk = public_members(jwk)
        algorithm, members = _checked_members(jwk)
        if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
            raise key_rejected()
        return cls(_checked_kid(jwk, algorithm, members), algorithm, members)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Say whether `signature` is this key's ES256 signature r || s over `data`; no other key verifies data."""
        if self._point is None or len(signature) != 2 * _COORDINATE:
            return False
        r, s = int.from_bytes(signature[:_COORDINATE]), int.from_bytes(signature[_COORDINATE:])
        try:
            self._point.verify(encode_dss_signature(r, s), data, _ECDSA)
        except InvalidSignature:
            return False
        return True

    def public_jwk(self) -> dict[str, str]:
        """Return the key as a public JWK with `kid`, `use` and `alg`."""
        return {**self._members, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def __repr__(self) -> str:
        return f"VerificationKey({self.kid}, {self.algorithm})"


class SigningKey:
    """A P-256 private key for ES256. Its text form never shows the key."""

    __slots__ = ("_d", "_private", "kid", "public")

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private.curve, ec.SECP256R1):
            raise key_rejected()
        numbers = private.private_numbers()
        point = numbers.public_numbers
        members = {"crv": "P-256", "kty": "EC", "x": _coordinate(point.x), "y": _coordinate(point.y)}
        self.public = VerificationKey(thumbprint(members), ES256, members)
        #: The thumbprint (RFC 7638) that names this key.
        self.kid = self.public.kid
        self._d = _coordinate(numbers.private_value)
        self._private = private

    @classmethod
    def generate(cls) -> Self:
        """Make a fresh key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_private_jwk(cls, jwk: Any) -> Self:
        """Read a private P-256 JWK whose public members belong to its `d`. Raises `InputRejected` (`key.invalid`)."""
        if not isinstance(jwk, Mapping) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
            raise key_rejected()
        try:
            key = cls(ec.derive_private_key(int.from_bytes(bytes_member(jwk, "d", length=32)), ec.SECP256R1()))
        except ValueError as fault:
            raise key_rejected() from fault
        if any(jwk.get(name) != value for name, value in key.public.public_jwk().items() if name in {"x", "y"}):
            raise key_rejected()
        return key

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes r || s of an ES256 signature over `data` (RFC 7518 section 3.4)."""
        r, s = decode_dss_signature(self._private.sign(data, _ECDSA))
        return r.to_bytes(_COORDINATE) + s.to_bytes(_COORDINATE)

    def private_jwk(self) -> dict[str, str]:
        """Return the whole key as a private JWK. For key files and credentials only."""
        return {**self.public.public_jwk(), "d": self._d}

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"


class KeyRing:
    """The verification keys of one party, by `kid`."""

    __slots__ = ("_keys",)

    def __init__(self, *keys: VerificationKey) -> None:
        self._keys = {key.kid: key for key in keys}
        if len(self._keys) != len(keys):
            raise key_rejected()

    @classmethod
    def from_jwks(cls, jwks: Any) -> Self:
        """Read the signing keys of a JWK Set; keys with `use: enc` are passed over.

        Raises `InputRejected` (`key.invalid`) for an unusable or private key, a repeated `kid`, or no signing key.
        """
        keys = [VerificationKey.from_jwk(key) for key in key_list(jwks) if key.get("use") != "enc"]
        if not keys:
            raise key_rejected()
        return cls(*keys)

    def get(self, kid: str) -> VerificationKey | None:
        """Return the key named `kid`, or None: an unknown `kid` is never answered with another key."""
        return self._keys.get(kid)

    def __iter__(self) -> Iterator[VerificationKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)


def _coordinate(number: int) -> str:
    return b64url(number.to_bytes(32))


def _p256_key(members: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    """Make the public key of checked members, whose point `_jose_key` found on its curve."""
    x, y = (int.from_bytes(from_b64url(members[name])) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _jose_key(members: Mapping[str, str], algorithm: str) -> Key:
    """Make the python-jose key object from checked members; the library checks that the point is on its curve."""
    try:
        return jose_jwk.construct(dict(members), algorithm)
    except (JOSEError, ValueError) as fault:
        raise key_rejected() from fault


def _checked_members(jwk: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the algorithm that the key's type fixes, and its required members, canonical."""
    match jwk.get("kty"):
        case "EC":
            return _ec_members(jwk)
        case "RSA":
            return _rsa_members(jwk)
        case _:
            raise key_rejected()


def _ec_members(jwk: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    curve = text_member(jwk, "crv")
    if curve not in _CURVES:
        raise key_rejected()
    algorithm, length = _CURVES[curve]
    x, y = (b64url(bytes_member(jwk, name, length=length)) for name in ("x", "y"))
    return algorithm, {"crv": curve, "kty": "EC", "x": x, "y": y}


def _rsa_members(jwk: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    modulus, exponent = (int.from_bytes(bytes_member(jwk, name)) for name in ("n", "e"))
    if modulus.bit_length() not in _RSA_BITS or exponent not in _RSA_EXPONENTS or not modulus & exponent & 1:
        raise key_rejected()
    return RS384, {"e": text_member(jwk, "e"), "kty": "RSA", "n": text_member(jwk, "n")}


def _checked_kid(jwk: Mapping[str, Any], algorithm: str, members: Mapping[str, str]) -> str:
    name = thumbprint(members)
    kid = jwk.get("kid", name)
    foreign = algorithm != ES256 and isinstance(kid, str) and 0 < len(kid) <= _KID_MOST
    if kid != name and not foreign:
        raise key_rejected()
    return str(kid)
