"""Signatures over exact bytes: JSON Web Signature (RFC 7515), compact, with the payload detached or inside.

Messages carry a detached signature (appendix F) in the header `Referral-Signature`; receipts are compact tokens.
The protected header is exactly `alg`, `kid` and `typ`, nothing else: so `crit`, `jwk`, `jku`, `x5u`, `x5c`, `b64`
and every other member is refused. The algorithm is that of the one known key named by `kid`, never the header's.
Every failure is the same error with the same text, so a forger learns nothing from it.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Final, NamedTuple

from jose import jws as jose_jws
from jose.exceptions import JOSEError

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import b64url, b64url_bytes, from_b64url
from shared.kernel.errors import InputRejected, MeshError
from shared.seal.signing import ES256, KeyRing, SigningKey, VerificationKey
from shared.seal.strict_json import read_object

#: `typ` of message signatures and of receipts.
MESSAGE_TYPE: Final = "rm+jws"
#: `typ` of a record that an agency signs for itself: never taken for a message, nor a message for it.
RECORD_TYPE: Final = "rm-record+jws"

#: The longest body that is signed or verified, in bytes.
BODY_MOST: Final = 1_048_576
#: The longest compact token, in characters.
TOKEN_MOST: Final = 64_000

_HEADER_MOST = 512
_SIGNATURE_MOST = 2_048
_HEADER_MEMBERS = {"alg", "kid", "typ"}
_COMPACT_PARTS = 3


class ProtectedHeader(NamedTuple):
    """The members a protected header has, as text and not yet believed; `typ` is empty where it is left out."""

    alg: str
    kid: str
    typ: str


def sign_detached(body: bytes, key: SigningKey) -> str:
    """Return `<protected>..<signature>` over the exact bytes of `body`. Raises `InputRejected` over `BODY_MOST`."""
    if len(body) > BODY_MOST:
        raise signature_rejected()
    protected = protected_text(key.kid, MESSAGE_TYPE)
    return f"{protected}..{b64url(key.sign(_signing_input(protected, body)))}"


def verify_detached(body: bytes, signature: str, ring: KeyRing) -> str:
    """Check a detached signature over the exact bytes of `body` and return the `kid` that made it.

    Raises `InputRejected` (`signature.invalid`) for every cause.
    """
    try:
        protected, nothing, encoded = _parts(signature, most=_HEADER_MOST + _SIGNATURE_MOST)
        if nothing or len(body) > BODY_MOST:
            raise ValueError
        header = read_protected(protected)
        key = _known_key(header, ring, typs={MESSAGE_TYPE}, algorithms={ES256})
        if not key.verify(_signing_input(protected, body), from_b64url(encoded)):
            raise ValueError
    except (ValueError, MeshError) as fault:
        raise signature_rejected() from fault
    return header.kid


def unverified_kid(signature: str) -> str | None:
    """Return the kid that a detached signature claims, unchecked; None where its header cannot be read.

    For looking up a key that is not known yet, and for nothing else.
    """
    try:
        return read_protected(signature.partition(".")[0]).kid
    except (ValueError, InputRejected):
        return None


def sign_compact(payload: bytes, key: SigningKey, typ: str = MESSAGE_TYPE) -> str:
    """Return `payload` as a compact JWS of type `typ`."""
    signed = _signing_input(protected_text(key.kid, typ), payload)
    token = f"{signed.decode('ascii')}.{b64url(key.sign(signed))}"
    if len(token) > TOKEN_MOST:
        raise signature_rejected()
    return token


def verify_compact(token: str, ring: KeyRing, typ: str = MESSAGE_TYPE) -> bytes:
    """Return the payload of a compact JWS of type `typ` (by default of a receipt) made with a key of `ring`.

    Raises `InputRejected` (`signature.invalid`) for every cause.
    """
    try:
        return verified_payload(token, ring, typs={typ}, algorithms={ES256}, most=TOKEN_MOST)
    except (ValueError, MeshError) as fault:
        raise signature_rejected() from fault


def verified_payload(
    token: str, ring: KeyRing, *, typs: Collection[str], algorithms: Collection[str], most: int
) -> bytes:
    """Return the payload of a compact JWS under one known key, one algorithm and an expected `typ`.

    For this room: messages and tokens dress its `ValueError` or `MeshError` in their own error.
    """
    protected, payload, encoded = _parts(token, most=most)
    key = _known_key(read_protected(protected), ring, typs=typs, algorithms=algorithms)
    signature = from_b64url(encoded)  # python-jose skips foreign characters; a signature has one spelling here
    if key.algorithm == ES256:
        if not key.verify(token.rpartition(".")[0].encode("ascii"), signature):
            raise ValueError
        return from_b64url(payload)
    try:
        return jose_jws.verify(token, key.jose, algorithms=[key.algorithm])
    except JOSEError as fault:
        raise ValueError from fault


@lru_cache(maxsize=1024)
def protected_text(kid: str, typ: str) -> str:
    """Return the protected header of our own signatures, as it stands in the compact form."""
    return b64url(canonical_json({"alg": ES256, "kid": kid, "typ": typ}))


@lru_cache(maxsize=1024)
def read_protected(text: str) -> ProtectedHeader:
    """Read a protected header of `alg`, `kid` and, unless left out, `typ`. Raises `ValueError` or `InputRejected`.

    The same few headers come with every message of an agency, hence the bounded memory; refusals are not kept.
    """
    if len(text) > _HEADER_MOST:
        raise ValueError
    members = read_object(from_b64url(text))
    if members.keys() | {"typ"} != _HEADER_MEMBERS or not all(isinstance(value, str) for value in members.values()):
        raise ValueError
    return ProtectedHeader(members["alg"], members["kid"], members.get("typ", ""))


def signature_rejected() -> InputRejected:
    """Return the one error for every signature that does not hold."""
    return InputRejected("signature.invalid", "Sign the exact bytes of the body with a key from your directory entry.")


def _parts(token: str, *, most: int) -> tuple[str, str, str]:
    if len(token) > most or not token.isascii():
        raise ValueError
    parts = token.split(".")
    if len(parts) != _COMPACT_PARTS:
        raise ValueError
    return parts[0], parts[1], parts[2]


def _known_key(
    header: ProtectedHeader, ring: KeyRing, *, typs: Collection[str], algorithms: Collection[str]
) -> VerificationKey:
    key = ring.get(header.kid)
    if key is None or header.typ not in typs or key.algorithm not in algorithms or header.alg != key.algorithm:
        raise ValueError
    return key


def _signing_input(protected: str, body: bytes) -> bytes:
    return b"%b.%b" % (protected.encode("ascii"), b64url_bytes(body))
