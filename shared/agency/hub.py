"""The gateway as the use cases see it: its client, with two things said differently.

When the gateway does not take *this agency's* credentials, or fails by its own fault, that is no statement about the
partner system that happens to call, nor a fault of this service: the caller is told that the gateway cannot be used
now.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.kernel.errors import InternalFault, MeshError, NotAuthenticated, PeerUnavailable
from shared.telemetry.logs import get_logger
from shared.transport.gateway_client import GatewayClient
from shared.wire.delivery import BatchItemV1, BatchResultV1, ClaimedV1, InboxV1

_log = get_logger("hub")


class GatewayHub:
    """Implements `shared.agency.ports.Hub`."""

    def __init__(self, client: GatewayClient) -> None:
        self._client = client

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Read a document."""
        try:
            return await self._client.get(path, params)
        except (NotAuthenticated, InternalFault) as error:
            raise _unusable(error) from error

    async def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Ask something with an unsigned body."""
        try:
            return await self._client.post(path, document)
        except (NotAuthenticated, InternalFault) as error:
            raise _unusable(error) from error

    async def post_batch(self, items: Sequence[BatchItemV1]) -> Sequence[BatchResultV1]:
        """Send signed messages."""
        return await self._client.post_batch(items)

    async def inbox(self, after: str | None = None, *, wait: int = 0) -> InboxV1:
        """Fetch what is waiting here."""
        return await self._client.inbox(after, wait=wait)

    async def clock(self) -> datetime | None:
        """Return what the gateway's clock says, if its answers tell."""
        return await self._client.clock()

    async def claim(self, message_ids: Sequence[str]) -> ClaimedV1:
        """Ask for the halves of messages that came through the broker."""
        return await self._client.claim(message_ids)

    async def post_receipts(self, receipts: Sequence[str]) -> list[str]:
        """Hand in signed receipts."""
        return await self._client.post_receipts(receipts)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _unusable(error: MeshError) -> PeerUnavailable:
    _log.error("gateway.unusable", code=error.code)
    return PeerUnavailable("peer.answer", "The gateway cannot be used now. Try again later.", retry_after=30)
