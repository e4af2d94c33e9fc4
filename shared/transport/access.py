"""The access token of one client at one server.

Follows the wire contract, section 2: OAuth 2.0 client credentials with a client assertion (RFC 7523), the
issuer as its audience, found by RFC 8414 metadata. Promises that a token is fetched by one task at a time,
kept until 30 seconds before it ends, and never written anywhere.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from shared.kernel.clock import Clock
from shared.kernel.errors import InternalFault, MeshError, NotAuthenticated, PeerUnavailable, TooManyRequests
from shared.kernel.identifiers import IdFactory
from shared.seal.keys import SigningKey
from shared.seal.tokens import make_assertion
from shared.transport.peer import Peer
from shared.wire.answers import TokenV1, read_answer

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - an address, no secret
METADATA_PATH: Final = "/.well-known/oauth-authorization-server"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: How long before its end a token is no longer used.
EARLY: Final = timedelta(seconds=30)

_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


class AccessTokens:
    """Fetches and keeps the token that `client_id` shows to the server behind `peer`."""

    def __init__(
        self,
        peer: Peer,
        *,
        client_id: str,
        signing_key: SigningKey,
        clock: Clock,
        ids: IdFactory,
        audience: str | None = None,
        scopes: Sequence[str] = (),
    ) -> None:
        """Without `audience` the server's metadata says what its issuer is called; without `scopes` it grants all."""
        self._peer = peer
        self._client_id = client_id
        self._signing_key = signing_key
        self._clock = clock
        self._ids = ids
        self._audience = audience
        self._scopes = tuple(scopes)
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._good_until: datetime | None = None

    async def current(self) -> str:
        """Return a token that is good for at least some seconds.

        Raises `NotAuthenticated` (`token.refused`), `TooManyRequests` or `PeerUnavailable`.
        """
        async with self._lock:
            if self._token is None or self._good_until is None or self._clock.now() >= self._good_until:
                await self._fetch()
            return self._token or ""

    def forget(self, token: str) -> None:
        """Drop `token` because the server refused it; a newer one that another task fetched is kept."""
        if self._token == token:
            self._token = None

    async def _fetch(self) -> None:
        at = self._clock.now()
        granted = await self._ask(await self._known_audience(), at)
        if granted.token_type.lower() != "bearer" or not granted.access_token:
            raise PeerUnavailable("peer.answer", "The other side gave a token of another kind. Tell its operator.")
        self._token = granted.access_token
        self._good_until = at + timedelta(seconds=min(granted.expires_in, 86_400)) - EARLY

    async def _ask(self, audience: str, at: datetime) -> TokenV1:
        assertion = make_assertion(
            self._signing_key, client_id=self._client_id, audience=audience, at=at, jti=self._ids.new()
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        } | ({"scope": " ".join(self._scopes)} if self._scopes else {})
        try:
            reply = await self._peer.call("POST", TOKEN_PATH, content=urlencode(form).encode(), headers=_FORM)
        except (PeerUnavailable, TooManyRequests, InternalFault):
            raise
        except MeshError as refusal:
            raise NotAuthenticated(
                "token.refused", "The other side gives no token to this client: check its id, its keys and the clock."
            ) from refusal
        return read_answer(TokenV1, reply.json())

    async def _known_audience(self) -> str:
        if self._audience is None:
            metadata = (await self._peer.call("GET", METADATA_PATH)).document()
            issuer = metadata.get("issuer")
            if not isinstance(issuer, str) or not issuer:
                raise PeerUnavailable("peer.answer", "The other side does not say what its issuer is called.")
            self._audience = issuer
        return self._audience
