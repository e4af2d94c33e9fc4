"""Client assertions (RFC 7523, SMART Backend Services 2.2) and access tokens (RFC 9068).

An assertion proves who the client is, once: it lives five minutes at most, names exactly one audience and carries
a `jti` that its reader must see only once before `expires_at`. An access token says who may do what for five minutes.
The two are told apart by `typ`; neither is ever taken for the other. Times come from the caller, not from the machine.
Every failure is `NotAuthenticated` (`token.invalid`) with one text.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import from_b64url
from shared.kernel.errors import MeshError, NotAuthenticated
from shared.seal.jws import sign_compact, verified_payload
from shared.seal.signing import ES256, ES384, RS384, KeyRing, SigningKey
from shared.seal.strict_json import read_object

ASSERTION_TYPE: Final = "JWT"
#: What an assertion may be called: RFC 7519 section 5.1 leaves `typ` to the signer, RFC 7523 bis names one of its own.
_ASSERTION_TYPES: Final = frozenset({ASSERTION_TYPE, "client-authentication+jwt", ""})
ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type, no secret
#: Seconds an assertion may live, and seconds an access token lives unless told otherwise.
ASSERTION_SECONDS: Final = 300
ACCESS_TOKEN_SECONDS: Final = 300
#: How far another party's clock may run ahead of ours. Never applied to expiry.
AHEAD: Final = timedelta(seconds=30)

_ASSERTION_ALGORITHMS = frozenset({ES256, ES384, RS384})
_TOKEN_MOST = 8_192
_TEXT_MOST = 512
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second a time can name


@dataclass(frozen=True, slots=True)
class Assertion:
    """A client's proof of who it is. Whoever accepts it remembers `(client_id, jti)` until `expires_at`."""

    client_id: str
    audience: str
    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Who may do what until when."""

    subject: str
    scopes: frozenset[str]
    jti: str
    issued_at: datetime
    expires_at: datetime


class ReplayGuard(Protocol):
    """Whoever accepts assertions has one of these, in storage that all its replicas share."""

    def first_use(self, assertion: Assertion, *, at: datetime) -> bool:
        """Remember the assertion until it expires; say whether this was its first use."""
        ...


def make_assertion(key: SigningKey, *, client_id: str, audience: str, at: datetime, jti: str) -> str:
    """Return a fresh client assertion for the token endpoint or issuer `audience`, valid for five minutes from `at`."""
    issued = int(at.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": issued,
        "exp": issued + ASSERTION_SECONDS,
        "jti": jti,
    }
    return sign_compact(canonical_json(claims), key, ASSERTION_TYPE)


def read_assertion(token: str, ring: KeyRing, *, audiences: Collection[str], at: datetime) -> Assertion:
    """Check a client assertion against the client's own keys (ES256, ES384 or RS384).

    `audiences` are the names this token endpoint answers to; the assertion must name exactly one of them.
    Raises `NotAuthenticated` (`token.invalid`). The caller still has to see that `jti` is used only once.
    """
    try:
        claims = _claims(token, ring, typs=_ASSERTION_TYPES, algorithms=_ASSERTION_ALGORITHMS)
        expires_at = _time(claims, "exp")
        if not at < expires_at <= at + timedelta(seconds=ASSERTION_SECONDS) + AHEAD:
            raise ValueError
        if any(name in claims and _time(claims, name) > at + AHEAD for name in ("iat", "nbf")):
            raise ValueError
        client_id, audience = _text(claims, "sub"), _text(claims, "aud")
        if claims.get("iss") != client_id or audience not in audiences:
            raise ValueError
        return Assertion(client_id, audience, _text(claims, "jti"), expires_at)
    except (ValueError, MeshError) as fault:
        raise token_rejected() from fault


def unverified_client_id(token: str, *, named: str | None = None) -> str:
    """Return who an assertion claims to be from, only to find the keys that can check it.

    Raises `NotAuthenticated` (`token.invalid`) when it cannot be read, and for another client than the one that the
    request has `named` beside it (RFC 7521 section 4.2).
    """
    try:
        if len(token) > _TOKEN_MOST:
            raise ValueError
        _, payload, _ = token.split(".")
        claimed = _text(read_object(from_b64url(payload)), "sub")
        if named not in {None, claimed}:
            raise ValueError
    except (ValueError, MeshError) as fault:
        raise token_rejected() from fault
    return claimed


def issue_access_token(
    key: SigningKey,
    *,
    issuer: str,
    audience: str,
    subject: str,
    scopes: Collection[str],
    at: datetime,
    jti: str,
    lifetime: int = ACCESS_TOKEN_SECONDS,
) -> str:
    """Return an RFC 9068 access token for `subject`, valid for `lifetime` seconds from `at`."""
    issued = int(at.timestamp())
    claims = {
        "iss": issuer,
        "sub": subject,
        "client_id": subject,
        "aud": audience,
        "scope": " ".join(sorted(scopes)),
        "iat": issued,
        "exp": issued + lifetime,
        "jti": jti,
    }
    return sign_compact(canonical_json(claims), key, ACCESS_TOKEN_TYPE)


def read_access_token(token: str, ring: KeyRing, *, issuer: str, audience: str, at: datetime) -> AccessToken:
    """Check an access token of `issuer` for exactly `audience`. Raises `NotAuthenticated` (`token.invalid`)."""
    return AccessTokenReader(ring, issuer=issuer, audience=audience).read(token, at=at)


class AccessTokenReader:
    """Checks the access tokens of one issuer and remembers the signatures it has checked.

    A client sends the same token for minutes; its signature is verified once, its times on every call.
    Make a new reader when the issuer's keys change.
    """

    def __init__(self, ring: KeyRing, *, issuer: str, audience: str, most: int = 1024) -> None:
        self._ring = ring
        self._issuer = issuer
        self._audience = audience
        self._verified = lru_cache(maxsize=most)(self._verify)

    def read(self, token: str, *, at: datetime) -> AccessToken:
        """Return what a token that is valid at `at` says. Raises `NotAuthenticated` (`token.invalid`)."""
        try:
            if len(token) > _TOKEN_MOST:
                raise ValueError
            access = self._verified(token)
            if not access.issued_at - AHEAD <= at < access.expires_at:
                raise ValueError
        except (ValueError, MeshError) as fault:
            raise token_rejected() from fault
        return access

    def _verify(self, token: str) -> AccessToken:
        claims = _claims(token, self._ring, typs={ACCESS_TOKEN_TYPE}, algorithms={ES256})
        subject = _text(claims, "sub")
        if (claims.get("iss"), claims.get("aud"), claims.get("client_id")) != (self._issuer, self._audience, subject):
            raise ValueError
        scopes = frozenset(_text(claims, "scope", least=0).split())
        return AccessToken(subject, scopes, _text(claims, "jti"), _time(claims, "iat"), _time(claims, "exp"))


def token_rejected() -> NotAuthenticated:
    """Return the one error for every token that does not hold."""
    return NotAuthenticated("token.invalid", "This token is not valid here. Ask for a new one.")


def _claims(token: str, ring: KeyRing, *, typs: Collection[str], algorithms: Collection[str]) -> Mapping[str, Any]:
    return read_object(verified_payload(token, ring, typs=typs, algorithms=algorithms, most=_TOKEN_MOST))


def _text(claims: Mapping[str, Any], name: str, *, least: int = 1) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not least <= len(value) <= _TEXT_MOST:
        raise ValueError
    return value


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    """Return a NumericDate (RFC 7519 section 2) in whole seconds."""
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LATEST:
        raise ValueError
    return datetime.fromtimestamp(value, UTC)
