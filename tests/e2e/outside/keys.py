"""An outside agency's own keys, as JWKs, and the signatures it makes with them (RFC 7515, 7517, 7518, 7638).

Owns nothing of the project's code: everything here is coded from the wire contract, section 2, on `cryptography` alone.
"""

import base64
import hashlib
import json
import os
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

Json = dict[str, Any]
CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm, int]] = {
    "ES256": (ec.SECP256R1(), hashes.SHA256(), 32),
    "ES384": (ec.SECP384R1(), hashes.SHA384(), 48),
}
CURVE_NAMES = {"ES256": "P-256", "ES384": "P-384"}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def thumbprint(jwk: Json) -> str:
    """RFC 7638, for the key types of the contract."""
    members = {
        "EC": ("crv", "kty", "x", "y"),
        "OKP": ("crv", "kty", "x"),
        "RSA": ("e", "kty", "n"),
        "AKP": ("alg", "kty", "pub"),
    }[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in members}, separators=(",", ":"), sort_keys=True)
    return b64(hashlib.sha256(text.encode()).digest())


def number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class EcSigner:
    """An ES256 or ES384 key."""

    def __init__(self, alg: str = "ES256", *, private: ec.EllipticCurvePrivateKey | None = None) -> None:
        curve, self._hash, self._size = CURVES[alg]
        self.alg = alg
        self._private = private or ec.generate_private_key(curve)

    @property
    def jwk(self) -> Json:
        numbers = self._private.public_key().public_numbers()
        bare = {
            "kty": "EC",
            "crv": CURVE_NAMES[self.alg],
            "x": number(numbers.x, self._size),
            "y": number(numbers.y, self._size),
        }
        return {**bare, "use": "sig", "alg": self.alg, "kid": thumbprint(bare)}

    @property
    def kid(self) -> str:
        return str(self.jwk["kid"])

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._private.sign(data, ec.ECDSA(self._hash)))
        return r.to_bytes(self._size, "big") + s.to_bytes(self._size, "big")


class RsaSigner:
    """An RS384 key, for a client that came from SMART Backend Services."""

    alg = "RS384"

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=3072)

    @property
    def jwk(self) -> Json:
        numbers = self._private.public_key().public_numbers()
        bare = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        return {**bare, "use": "sig", "alg": self.alg, "kid": thumbprint(bare)}

    @property
    def kid(self) -> str:
        return str(self.jwk["kid"])

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data, padding.PKCS1v15(), hashes.SHA384())


Signer = EcSigner | RsaSigner


def signer_from_jwk(jwk: Json) -> EcSigner:
    """The signer of a private P-256 JWK, as credentials.json hands one out."""
    public = ec.EllipticCurvePublicNumbers(
        int.from_bytes(unb64(jwk["x"]), "big"), int.from_bytes(unb64(jwk["y"]), "big"), ec.SECP256R1()
    )
    return EcSigner(
        private=ec.EllipticCurvePrivateNumbers(int.from_bytes(unb64(jwk["d"]), "big"), public).private_key()
    )


class EncryptionKey:
    """An X25519 key: `use: enc`, an OKP JWK."""

    def __init__(self, raw: bytes | None = None) -> None:
        self.private = x25519.X25519PrivateKey.from_private_bytes(raw or os.urandom(32))

    @property
    def jwk(self) -> Json:
        bare = {"kty": "OKP", "crv": "X25519", "x": b64(self.private.public_key().public_bytes_raw())}
        return {**bare, "use": "enc", "kid": thumbprint(bare)}


class HybridKey:
    """An ML-KEM-768 and X25519 key, expanded from one seed as X-Wing does; the JWK is as the test vectors have it."""

    def __init__(self, seed: bytes | None = None) -> None:
        expanded = hashlib.shake_256(seed or os.urandom(32)).digest(96)
        self._lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self._curve = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
        self.private = hpke.MLKEM768X25519PrivateKey(self._lattice, self._curve)

    @property
    def jwk(self) -> Json:
        public = self._lattice.public_key().public_bytes_raw() + self._curve.public_key().public_bytes_raw()
        bare = {"kty": "AKP", "alg": "mlkem768x25519-hkdf-sha256-aes256gcm", "pub": b64(public)}
        return {**bare, "use": "enc", "kid": thumbprint(bare)}


def jws(payload: bytes, signer: Signer, header: Json) -> str:
    """A compact JWS (RFC 7515 section 7.1)."""
    head = b64(compact_json(header))
    body = b64(payload)
    return f"{head}.{body}.{b64(signer.sign(f'{head}.{body}'.encode()))}"


def message_header(signer: Signer, **over: object) -> Json:
    return {"alg": signer.alg, "kid": signer.kid, "typ": "rm+jws", **over}


def detached(body: bytes, signer: Signer, **over: object) -> str:
    """The `Referral-Signature` of exact bytes (RFC 7515 appendix F)."""
    head, _, signature = jws(body, signer, message_header(signer, **over)).split(".")
    return f"{head}..{signature}"


def verify_jws(compact: str, jwks: Json, *, payload: bytes | None = None) -> tuple[Json, bytes]:
    """Header and payload of an ES256 JWS, detached when `payload` is given. Raises InvalidSignature or KeyError."""
    head, body, signature = compact.split(".")
    if payload is not None:
        if body:
            raise InvalidSignature
        body = b64(payload)
    header = json.loads(unb64(head))
    if header["alg"] != "ES256":
        raise InvalidSignature
    key = {jwk["kid"]: jwk for jwk in jwks["keys"]}[header["kid"]]
    raw = unb64(signature)
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(unb64(key["x"]), "big"), int.from_bytes(unb64(key["y"]), "big"), ec.SECP256R1()
    )
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    numbers.public_key().verify(der, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    return header, unb64(body)
