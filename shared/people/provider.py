"""The identity provider of an institution, as OpenID Connect 1.0 describes it: somebody proves there who she is.

Owns one attempt from its beginning to the subject that the provider vouches for. Promises of RFC 9700 (OAuth 2.0
Security Best Current Practice): authorization code with PKCE S256; a fresh state, nonce and verifier for each attempt;
an attempt lasts ten minutes and ends with its first answer; the answer's issuer is the one that was asked (RFC 9207);
the identity token is signed with a published asymmetric key and is for this client, this nonce and a sign-in made just
now, not one that the provider remembers of whoever held the device before. Every failure is one error with one text.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core.claims import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.kernel.clock import Clock, from_wire, to_wire
from shared.kernel.errors import MeshError, NotAuthenticated, PeerUnavailable
from shared.people.registration import ATTEMPT_LASTS, Attempt, Registration, is_safe_address, not_vouched
from shared.transport.peer import Peer, Reply

#: How far the provider's clock may be from ours.
AHEAD: Final = timedelta(seconds=60)
#: How long the provider's own statements are taken without asking again.
FRESH: Final = timedelta(minutes=10)
ASK_AGAIN: Final = timedelta(minutes=1)
#: How long a provider that did not answer as it should is left alone: nobody here makes us call it in vain.
_REST: Final = timedelta(seconds=5)

_DISCOVERY: Final = "/.well-known/openid-configuration"
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_SUBJECT_MOST: Final = 255


@dataclass(frozen=True, slots=True)
class _Statements:
    """What the provider says about itself, and its keys."""

    metadata: Mapping[str, Any]
    keys: KeySet
    asked_at: datetime


class Provider:
    """The one identity provider that a deployable trusts."""

    def __init__(self, registration: Registration, *, clock: Clock, peer: Callable[[str], Peer] = Peer) -> None:
        self._own = registration
        self._clock = clock
        self._peer = peer
        self._peers: dict[str, Peer] = {}
        self._known: _Statements | None = None
        self._away_at: datetime | None = None

    async def close(self) -> None:
        """Close the connections."""
        for peer in self._peers.values():
            await peer.close()

    async def begin(self, *, wanted: str) -> tuple[str, Attempt]:
        """Return where to send somebody, and what to keep until she is back. Raises `NotAuthenticated`."""
        stated = await self._statements(fresh=FRESH)
        attempt = Attempt(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            wanted=wanted,
            begun_at=to_wire(self._clock.now()),
        )
        address = prepare_grant_uri(
            stated.metadata["authorization_endpoint"],
            self._own.client_id,
            "code",
            redirect_uri=self._own.redirect_uri,
            scope="openid",
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),  # type: ignore[no-untyped-call]  # stubs without it
            code_challenge_method="S256",
            prompt="login",
            max_age="0",
        )
        return address, attempt

    async def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> str:
        """Return the subject that the provider vouches for. Raises `NotAuthenticated` (`sign-in.provider`).

        The steps: (1) the answer is to this attempt, in time, and from the provider that was asked; (2) the code is
        redeemed with the verifier; (3) the token is signed by the provider; (4) it is for us, for this attempt, and
        for a sign-in made now.
        """
        stated = await self._statements(fresh=FRESH)
        try:
            self._check_answer(attempt, answer, stated.metadata)  # (1)
            granted = await self._redeem(attempt, answer["code"], stated.metadata)  # (2)
            token = await self._verified(str(granted["id_token"]))  # (3)
            return self._subject(token, attempt, granted)  # (4)
        except (JoseError, AuthlibBaseError, MeshError, LookupError, TypeError, ValueError) as fault:
            raise not_vouched() from fault

    def _check_answer(self, attempt: Attempt, answer: Mapping[str, str], metadata: Mapping[str, Any]) -> None:
        told, is_named = answer.get("iss"), metadata.get("authorization_response_iss_parameter_supported") is True
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise not_vouched()
        if self._clock.now() - from_wire(attempt.begun_at) >= ATTEMPT_LASTS:
            raise not_vouched()
        if (told is None and is_named) or (told is not None and told != self._own.issuer) or "error" in answer:
            raise not_vouched()

    async def _redeem(self, attempt: Attempt, code: str, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=self._own.redirect_uri, code_verifier=attempt.verifier
        )
        method = "none" if self._own.client_secret is None else _way_to_authenticate(metadata)
        client = ClientAuth(self._own.client_id, self._own.client_secret, method)
        address, headers, body = client.prepare(  # type: ignore[no-untyped-call]  # stubs without it
            "POST", metadata["token_endpoint"], dict(_FORM), body
        )
        return (await self._call("POST", address, content=body.encode(), headers=headers)).document()

    async def _verified(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, (await self._statements(fresh=FRESH)).keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):  # its keys may have been changed since
            return jwt.decode(token, (await self._statements(fresh=ASK_AGAIN)).keys, algorithms=_ALGORITHMS)

    def _subject(self, token: jwt.Token, attempt: Attempt, granted: Mapping[str, Any]) -> str:
        at = self._clock.now()
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": self._own.issuer},
                "aud": {"essential": True, "value": self._own.client_id},
            },
            params={
                "nonce": attempt.nonce,
                "client_id": self._own.client_id,
                "access_token": granted.get("access_token"),
                "max_age": "0",
            },
        )
        claims.validate(now=int(at.timestamp()), leeway=int(AHEAD.total_seconds()))
        earliest = (from_wire(attempt.begun_at) - AHEAD).timestamp()
        subject = claims["sub"]
        if claims["auth_time"] < earliest or not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_MOST:
            raise not_vouched()
        return subject

    async def _statements(self, *, fresh: timedelta) -> _Statements:
        known, now = self._known, self._clock.now()
        if known is not None and now - known.asked_at < fresh:
            return known
        if self._away_at is not None and now - self._away_at < _REST:
            raise NotAuthenticated("sign-in.provider", _AWAY)
        try:
            metadata = (await self._call("GET", self._own.issuer.rstrip("/") + _DISCOVERY)).document()
            if metadata["issuer"] != self._own.issuer or not is_safe_address(metadata["authorization_endpoint"]):
                raise not_vouched()
            published: Any = (await self._call("GET", metadata["jwks_uri"])).document()
            keys = KeySet.import_key_set(published)
        except (JoseError, MeshError, LookupError, TypeError, ValueError) as fault:
            self._away_at = now
            raise NotAuthenticated("sign-in.provider", _AWAY) from fault
        self._known, self._away_at = _Statements(metadata, keys, now), None
        return self._known

    async def _call(self, method: str, address: str, **more: Any) -> Reply:
        if not is_safe_address(address):
            raise PeerUnavailable("peer.answer", "The other side did not answer as agreed. Try again later.")
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._peers:
            self._peers[origin] = self._peer(origin)
        return await self._peers[origin].call(
            method, f"{parts.path}?{parts.query}" if parts.query else parts.path, **more
        )


_AWAY: Final = "Your institution's sign-in cannot be reached now. Try again later."


def _way_to_authenticate(metadata: Mapping[str, Any]) -> str:
    """Return how the secret is sent: in a header unless the provider only takes it in the body."""
    taken = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "client_secret_basic" if "client_secret_basic" in taken else "client_secret_post"
