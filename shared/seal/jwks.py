"""Reading JSON Web Keys strictly (RFC 7517), and their names (RFC 7638).

Owns what signing and encryption keys share: the thumbprint that names a key, and member checks that end in
one error. Promises that no private member of a foreign key is ever taken over. Refuses non-canonical base64url.
"""

from collections.abc import Mapping
from typing import Any

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import from_b64url, sha256_b64url
from shared.kernel.errors import InputRejected

#: The most keys that one agency may publish: overlap of rotation needs two or three of each kind.
MOST_KEYS = 16
#: Private members of every key type (RFC 7518 section 6, RFC 8037, and `priv` of kty AKP).
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


def key_rejected() -> InputRejected:
    """Return the one error for every key that cannot be used; it never says which member was wrong."""
    return InputRejected("key.invalid", "Publish public P-256, X25519 or hybrid keys as a JWK Set (RFC 7517).")


def thumbprint(members: Mapping[str, str]) -> str:
    """Return the SHA-256 thumbprint (RFC 7638) of the required `members` of a key, as base64url."""
    return sha256_b64url(canonical_json(dict(members)))


def text_member(jwk: Mapping[str, Any], name: str) -> str:
    """Return the text member `name` of a JWK. Raises `InputRejected` (`key.invalid`)."""
    value = jwk.get(name)
    if not isinstance(value, str):
        raise key_rejected()
    return value


def bytes_member(jwk: Mapping[str, Any], name: str, *, length: int | None = None) -> bytes:
    """Return the base64url member `name` of a JWK, of exactly `length` bytes when given.

    Raises `InputRejected` (`key.invalid`).
    """
    try:
        value = from_b64url(text_member(jwk, name))
    except InputRejected as fault:
        raise key_rejected() from fault
    if not value or (length is not None and len(value) != length):
        raise key_rejected()
    return value


def public_members(jwk: Any) -> Mapping[str, Any]:
    """Return a foreign JWK after checking that it is an object without private members."""
    if not isinstance(jwk, Mapping) or not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise key_rejected()
    return jwk


def key_list(jwks: Any) -> list[Mapping[str, Any]]:
    """Return the keys of a foreign JWK Set: one to sixteen public keys. Raises `InputRejected` (`key.invalid`)."""
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise key_rejected()
    return [public_members(key) for key in keys]
