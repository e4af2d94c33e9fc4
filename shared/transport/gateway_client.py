"""The gateway, as an agency calls it (wire contract, sections 2, 3 and 6).

Promises that signed bytes are sent unchanged, and that a call whose token the gateway no longer takes is
repeated once with a fresh one. A message may be repeated when the network fails: its id is its idempotency
key, so the gateway answers the second time as it did the first.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from shared.kernel.clock import Clock
from shared.kernel.errors import NotAuthenticated
from shared.kernel.identifiers import IdFactory
from shared.seal.compartments import encode_hub_shares
from shared.seal.keys import SigningKey
from shared.transport.access import AccessTokens
from shared.transport.peer import Peer, Reply
from shared.transport.retry import persist
from shared.wire.answers import read_answer
from shared.wire.delivery import (
    BatchItemV1,
    BatchResultsV1,
    BatchResultV1,
    BatchV1,
    ClaimedV1,
    ClaimsV1,
    InboxV1,
    ReceiptsV1,
    SettledV1,
)
from shared.wire.messages import to_body

#: Seconds beyond the wait of a long poll until it counts as broken.
_POLL_MARGIN: Final = 10.0
_HALF_A_SECOND: Final = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class Posted:
    """The gateway's answer to a message, its receipt as compact JWS, and whether it was a replay."""

    answer: dict[str, Any]
    receipt: str | None
    replayed: bool


class GatewayClient:
    """Everything one agency asks of the gateway. One per process; shared between tasks of one event loop."""

    def __init__(
        self,
        peer: Peer,
        *,
        agency_id: str,
        signing_key: SigningKey,
        clock: Clock,
        ids: IdFactory,
        audience: str | None = None,
        scopes: Sequence[str] = (),
    ) -> None:
        """Call through `peer` as `agency_id`; `audience` and `scopes` as in `AccessTokens`."""
        self._peer = peer
        self._tokens = AccessTokens(
            peer,
            client_id=agency_id,
            signing_key=signing_key,
            clock=clock,
            ids=ids,
            audience=audience,
            scopes=scopes,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._peer.close()

    async def clock(self) -> datetime | None:
        """Return the `Date` of an answer of the gateway, half a second on as it has whole ones; None without one.

        Raises `PeerUnavailable`.
        """
        told = (await self._peer.call("GET", "/livez")).headers.get("date", "")
        try:
            return parsedate_to_datetime(told).astimezone(UTC) + _HALF_A_SECOND
        except (ValueError, OverflowError):
            return None

    async def send_message(
        self,
        path: str,
        body: bytes,
        signature: str,
        hub_shares: Mapping[str, str] | None = None,
        *,
        attempts: int = 1,
    ) -> Posted:
        """Post one signed message and return answer and receipt.

        The network's failures are retried with backoff, `attempts` tries in all. Raises what the gateway answered, or
        `PeerUnavailable` after the last try.
        """
        headers = {"referral-signature": signature}
        if hub_shares:
            headers["hub-shares"] = encode_hub_shares(hub_shares)

        async def once() -> Reply:
            return await self._call("POST", path, content=body, headers=headers)

        reply = await persist(once, attempts=attempts)
        return Posted(
            answer=reply.document(),
            receipt=reply.headers.get("mesh-receipt"),
            replayed=reply.headers.get("idempotent-replayed") == "true",
        )

    async def post_message(
        self,
        path: str,
        body: bytes,
        signature: str,
        hub_shares: Mapping[str, str] | None = None,
        *,
        attempts: int = 1,
    ) -> dict[str, Any]:
        """Post one signed message and return the answer alone; see `send_message`."""
        return (await self.send_message(path, body, signature, hub_shares, attempts=attempts)).answer

    async def post_batch(self, items: Sequence[BatchItemV1], *, attempts: int = 1) -> list[BatchResultV1]:
        """Post up to 100 signed messages; return their results in the same order. Raises as `send_message`."""
        body = to_body(BatchV1(items=tuple(items)))

        async def once() -> Reply:
            return await self._call("POST", "/v1/batches", content=body)

        reply = await persist(once, attempts=attempts)
        return list(read_answer(BatchResultsV1, reply.json()).results)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Fetch a document. Raises what the gateway answered, or `PeerUnavailable`."""
        return (await self._call("GET", path, params=params)).json()

    async def put(self, path: str, document: Mapping[str, Any]) -> None:
        """Replace a document, such as an availability; the gateway answers without a body. Raises as `get`."""
        await self._call("PUT", path, content=json.dumps(document).encode())

    async def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Post an unsigned document, such as a request for matches. Raises as `get`."""
        return (await self._call("POST", path, content=json.dumps(document).encode())).json()

    async def inbox(self, after: str | None = None, *, wait: int = 0) -> InboxV1:
        """Fetch what waits for this agency, waiting up to `wait` seconds (30 at most) for something to come."""
        params: dict[str, str | int] = {"wait": wait} | ({"after": after} if after else {})
        reply = await self._call("GET", "/v1/inbox", params=params, timeout=wait + _POLL_MARGIN)
        return read_answer(InboxV1, reply.json())

    async def claim(self, message_ids: Sequence[str]) -> ClaimedV1:
        """Ask for the halves of messages that came through the broker (at most 100). Raises as `get`."""
        body = to_body(ClaimsV1(message_ids=tuple(message_ids)))
        return read_answer(ClaimedV1, (await self._call("POST", "/v1/inbox/claims", content=body)).json())

    async def post_receipts(self, receipts: Sequence[str]) -> list[str]:
        """Hand back receipts (compact JWS, at most 100); return the ids of the messages that are settled now."""
        body = to_body(ReceiptsV1(receipts=tuple(receipts)))
        reply = await self._call("POST", "/v1/inbox/receipts", content=body)
        return list(read_answer(SettledV1, reply.json()).settled)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Call with a token; when the gateway says 401, once more with a fresh one."""
        given = dict(headers or {})

        async def with_token(token: str) -> Reply:
            authorised = {**given, "authorization": f"Bearer {token}"}
            return await self._peer.call(
                method, path, content=content, params=params, headers=authorised, timeout=timeout
            )

        token = await self._tokens.current()
        try:
            return await with_token(token)
        except NotAuthenticated:
            self._tokens.forget(token)
        return await with_token(await self._tokens.current())
