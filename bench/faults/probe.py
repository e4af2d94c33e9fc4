"""Who asks the gateway itself, over a faulty line: a recipient that wants halves, and the body of oversight.

The recipient signs with the agency's own keys, as any client may that holds to the wire contract; so what the gateway
releases is seen without the agency service between.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from bench.faults.journal import Journal, Opened
from bench.faults.page import ShiftedClock
from bench.faults.world import AGENCIES, GATEWAY, OVERSIGHT, SOCIAL, World
from shared.kernel.canonical import canonical_json
from shared.kernel.clock import to_wire
from shared.kernel.errors import MeshError, PeerUnavailable
from shared.kernel.identifiers import Uuid7Factory
from shared.ledger.evidence import EntryItem
from shared.seal.jws import sign_detached
from shared.transport.gateway_client import GatewayClient
from shared.transport.peer import Peer

_TRIES: Final = 30
_PAUSE: Final = 0.1
_PAGE: Final = 200


class Probe:
    """A recipient's and an auditor's own clients at the gateway."""

    def __init__(self, world: World, journal: Journal) -> None:
        self._journal = journal
        self._clock = ShiftedClock(world.nodes[GATEWAY].page)
        self._ids = Uuid7Factory(self._clock)
        self._key = world.keys[SOCIAL].signing
        address = f"http://127.0.0.1:{world.lines['client->gateway'].port}"
        self._recipient = self._client(address, AGENCIES[SOCIAL], self._key)
        self._auditor = self._client(address, OVERSIGHT, world.oversight)
        self._plain = Peer(address, timeout=10)

    def _client(self, address: str, who: str, key: Any) -> GatewayClient:
        peer = Peer(address, timeout=10)
        return GatewayClient(peer, agency_id=who, signing_key=key, clock=self._clock, ids=self._ids)

    async def close(self) -> None:
        """Hang up."""
        for one in (self._recipient, self._auditor, self._plain):
            await one.close()

    async def open(self, referral_id: str, names: Sequence[str], *, moment: str, may_have: frozenset[str]) -> None:
        """Ask for the gateway's halves, and note which it gave; `may_have` is what nobody could object to."""
        facts = {
            "v": 1,
            "kind": "opening",
            "id": self._ids.new(),
            "sender": AGENCIES[SOCIAL],
            "sent_at": to_wire(self._clock.now()),
            "referral_id": referral_id,
            "compartments": list(names),
            "actor": "probe-1",
            "reason": "case_work",
        }
        body = canonical_json(facts)
        answer = await self._asked(f"/v1/referrals/{referral_id}/openings", body)
        if answer is not None:
            given = tuple(sorted(answer.get("shares", {})))
            self._journal.openings.append(Opened(referral_id, moment, given, may_have))

    async def _asked(self, path: str, body: bytes) -> dict[str, Any] | None:
        for _ in range(_TRIES):
            try:
                return await self._recipient.post_message(path, body, sign_detached(body, self._key))
            except PeerUnavailable:
                await asyncio.sleep(_PAUSE)
            except MeshError:
                return None
        return None

    async def watch(self) -> None:
        """Keep every checkpoint that the gateway publishes, until cancelled."""
        while True:
            with suppress(MeshError):
                self._journal.checkpoints.append(await self.checkpoint())
            await asyncio.sleep(1)

    async def checkpoint(self) -> str:
        """Return the signed checkpoint as it is published now. Raises a `MeshError`."""
        return (await self._plain.call("GET", "/ledger/checkpoint")).body.decode()

    async def ledger(self, size: int) -> list[EntryItem]:
        """Export the first entries of the ledger. Raises a `MeshError`."""
        found: list[EntryItem] = []
        after: dict[str, str] = {}
        while len(found) < size:
            page = await self._auditor.get("/v1/ledger/entries", {"limit": _PAGE, **after})
            found += [EntryItem.parse(item) for item in page["items"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        return found[:size]
