"""Access tokens: issued for a client assertion used once (RFC 7523), read back on every call (RFC 9068)."""

from collections.abc import Collection
from datetime import timedelta

from gateway.adapters.desk import SqlDesk
from gateway.adapters.roster import Client, Roster
from gateway.adapters.tables import USED_ASSERTIONS
from shared.kernel.clock import Clock, to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InputRejected, NotAuthenticated
from shared.kernel.identifiers import IdFactory
from shared.seal.jws import unverified_kid
from shared.seal.keys import AgencyKeys
from shared.seal.tokens import (
    ACCESS_TOKEN_SECONDS,
    AccessTokenReader,
    Assertion,
    issue_access_token,
    read_assertion,
    unverified_client_id,
)
from shared.storage.group_commit import GroupWriter
from shared.web.security import Principal

#: Clocks of client and gateway may differ by this much, so a used assertion is remembered that much longer.
LEEWAY = timedelta(seconds=60)
#: One text for every cause: it says what an assertion must be, never what this one lacked.
_ASSERTION_INVALID = (
    "The client assertion is not valid. Sign a fresh one with a key of your directory entry: alg and kid in its "
    "header; iss, sub and client_id, if you send it, your id; one aud, a new jti, exp at most five minutes ahead."
)


class TokenDesk:
    """Issues and reads the gateway's access tokens."""

    def __init__(
        self,
        *,
        writer: GroupWriter[SqlDesk],
        roster: Roster,
        keys: AgencyKeys,
        clock: Clock,
        ids: IdFactory,
        issuer: str,
    ) -> None:
        self._writer = writer
        self._roster = roster
        self._key = keys.signing
        self._clock = clock
        self._ids = ids
        self._issuer = issuer
        self._reader = AccessTokenReader(keys.ring(), issuer=issuer, audience=issuer)

    def principal(self, token: str) -> Principal:
        """Return who an access token was issued to. Raises `NotAuthenticated` (`token.invalid`)."""
        access = self._reader.read(token, at=self._clock.now())
        return Principal(access.subject, access.scopes)

    async def issue(
        self, assertion: str, *, client_id: str | None, scopes: Collection[str] | None
    ) -> tuple[str, frozenset[str]]:
        """Return an access token and its scopes for a client assertion, of `client_id` where the request names one.

        Raises `NotAuthenticated` (`client.invalid`) for any fault of the assertion and for an unknown client,
        (`client.replayed`) for one that holds and was used before, `NotPermitted`
        (`agency.disabled`), `InputRejected` (`token.scope-unknown`) for scopes the client cannot have.
        """
        try:
            claimed = unverified_client_id(assertion, named=client_id)
            client = await self._roster.active(claimed, kids=[unverified_kid(assertion)])
            read = self._read(assertion, client)
        except (NotAuthenticated, InputRejected) as fault:
            raise NotAuthenticated("client.invalid", _ASSERTION_INVALID) from fault
        await self._use_up(read)
        granted = client.scopes if scopes is None else client.scopes & frozenset(scopes)
        if not granted:
            raise InputRejected(
                "token.scope-unknown", "None of these scopes is for this client; see the discovery document."
            )
        token = issue_access_token(
            self._key,
            issuer=self._issuer,
            audience=self._issuer,
            subject=read.client_id,
            scopes=sorted(granted),
            at=self._clock.now(),
            jti=self._ids.new(),
            lifetime=ACCESS_TOKEN_SECONDS,
        )
        return token, granted

    def _read(self, assertion: str, client: Client) -> Assertion:
        audiences = (f"{self._issuer}/oauth/token", self._issuer)
        return read_assertion(assertion, client.ring, audiences=audiences, at=self._clock.now())

    async def _use_up(self, read: Assertion) -> None:
        key = f"{read.client_id}/{sha256_hex(read.jti.encode(errors='surrogatepass'))}"
        until = to_wire(read.expires_at + LEEWAY)
        if not await self._writer.submit(lambda desk: _first_use(desk, key, until), prefetch=[(USED_ASSERTIONS, key)]):
            raise NotAuthenticated("client.replayed", "This client assertion was used before. Sign a fresh one.")


def _first_use(desk: SqlDesk, key: str, until: str) -> bool:
    if desk.book.get(USED_ASSERTIONS, key) is not None:
        return False
    desk.book.insert(USED_ASSERTIONS, {"jti": key, "expires_at": until})
    return True
