"""Who may call this service: partner systems of the agency, and the access tokens they work with.

Follows OAuth 2.0 client credentials with `client_secret_basic` or `private_key_jwt` (RFC 6749, RFC 7523) and RFC 9068
access tokens, as wire section 2 does for the gateway. A secret is 32 random bytes and kept as a digest only: what is
random needs no slow hash. Refuses with one text, whatever was wrong.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote_plus

from shared.agency.ports import Desk, Store
from shared.agency.records import Partner, UsedAssertion
from shared.kernel.clock import Clock, to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InputRejected, MeshError, NotAuthenticated
from shared.kernel.identifiers import IdFactory
from shared.seal.keys import AgencyKeys, KeyRing
from shared.seal.tokens import (
    AccessTokenReader,
    Assertion,
    issue_access_token,
    read_assertion,
    unverified_client_id,
)
from shared.web.security import Principal

#: What a partner system can be allowed to do, as the OpenAPI document explains it.
SCOPES: Final[Mapping[str, str]] = {
    "consents.write": "Record consents and take them back.",
    "referrals.send": "Send referrals and read those sent.",
    "referrals.handle": "Read referrals received and report what happens to them.",
    "conflicts.read": "Read who declared a conflict of interest (for supervisors).",
    "orders.supervise": "See the no-contact order one supervises, and nothing else (for community supervisors).",
    "webhooks.write": "Say where to be told of changes.",
}

#: How a partner system is called.
CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,62}")

_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token and what it allows."""

    token: str
    scopes: frozenset[str]


class Partners:
    """Checks partner systems and gives them tokens."""

    def __init__(self, store: Store, keys: AgencyKeys, *, issuer: str, clock: Clock, ids: IdFactory) -> None:
        self._store = store
        self._keys = keys
        self._issuer = issuer
        self._clock = clock
        self._ids = ids
        self._reader = AccessTokenReader(keys.ring(), issuer=issuer, audience=issuer)

    def verify(self, token: str) -> Principal:
        """Return who calls with this access token. Raises `NotAuthenticated` (`token.invalid`)."""
        access = self._reader.read(token, at=self._clock.now())
        return Principal(access.subject, access.scopes)

    async def by_secret(self, authorization: str, *, named: str | None, scopes: Collection[str] | None) -> Granted:
        """Give a token for `Authorization: Basic`, to the client that the request has `named` if it names one.

        Raises `NotAuthenticated` (`token.refused`), `InputRejected`.
        """
        client_id, secret = _basic(authorization)
        if named not in {None, client_id}:
            raise _refused()
        partner = await self._partner(client_id)
        if partner is None or partner.secret_hash is None or not _is_secret(secret, partner.secret_hash):
            raise _refused()
        return self._granted(partner, scopes)

    async def by_assertion(self, assertion: str, *, named: str | None, scopes: Collection[str] | None) -> Granted:
        """Give a token for a signed assertion, once. Raises as `by_secret`."""
        try:
            partner = await self._partner(unverified_client_id(assertion, named=named))
            if partner is None or partner.jwks is None:
                raise _refused()
            at = self._clock.now()
            audiences = (self._issuer, f"{self._issuer}/oauth/token")
            proof = read_assertion(assertion, KeyRing.from_jwks(partner.jwks), audiences=audiences, at=at)
        except MeshError as fault:
            raise _refused() from fault
        if not await self._first_use(proof, at):
            raise _refused()
        return self._granted(partner, scopes)

    async def _partner(self, client_id: str) -> Partner | None:
        """Return a partner system; None for a name that none can have, with which no database is troubled."""
        if not CLIENT_ID.fullmatch(client_id):
            return None
        return await self._store.read(lambda reading: reading.get(Partner, client_id))

    async def _first_use(self, proof: Assertion, at: datetime) -> bool:
        key = f"{proof.client_id}/{sha256_hex(proof.jti.encode(errors='surrogatepass'))}"

        def work(desk: Desk) -> bool:
            used = desk.get(UsedAssertion, key)
            if used is not None:
                return False
            desk.add(UsedAssertion(key=key, expires_at=to_wire(proof.expires_at)))
            return True

        return proof.expires_at > at and await self._store.write(work, expects=[(UsedAssertion, key)])

    def _granted(self, partner: Partner, scopes: Collection[str] | None) -> Granted:
        allowed = frozenset(partner.scopes)
        wanted = allowed if scopes is None else frozenset(scopes)
        if not wanted <= allowed:
            raise InputRejected("token.scope-unknown", "This client may not have one of these scopes. Ask for fewer.")
        token = issue_access_token(
            self._keys.signing,
            issuer=self._issuer,
            audience=self._issuer,
            subject=partner.client_id,
            scopes=wanted,
            at=self._clock.now(),
            jti=self._ids.new(),
        )
        return Granted(token, wanted)


def new_secret() -> str:
    """Return a fresh client secret."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def secret_hash(secret: str) -> str:
    """Return the digest under which a secret is kept."""
    return sha256_hex(b"partner-secret|" + secret.encode())


def partner_of(
    client_id: str, *, secret: str | None, jwks: Mapping[str, Any] | None, at: datetime, scopes: Sequence[str] = ()
) -> Partner:
    """Return the record of a partner system; without scopes it may do everything."""
    return Partner(
        client_id=client_id,
        secret_hash=None if secret is None else secret_hash(secret),
        jwks=jwks,
        scopes=sorted(scopes or SCOPES),
        created_at=to_wire(at),
    )


def _basic(header: str) -> tuple[str, str]:
    """Read RFC 7617 credentials; both parts are form-encoded first (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        client_id, separator, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        if not separator:
            raise ValueError
    except (ValueError, binascii.Error) as fault:
        raise _refused() from fault
    return unquote_plus(client_id), unquote_plus(secret)


def _is_secret(secret: str, kept: str) -> bool:
    return hmac.compare_digest(secret_hash(secret), kept)


def _refused() -> NotAuthenticated:
    return NotAuthenticated("token.refused", "This client is not known here, or its proof does not hold.")
