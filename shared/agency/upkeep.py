"""How an agency's service is doing, for whoever looks after it: keys, traffic, readiness. Nothing about any case.

Counts and times only; a key is shown by its `kid`, which is the fingerprint of its public half (RFC 7638).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.agency.directory import ASK_AGAIN
from shared.agency.office import Office
from shared.agency.ports import Traffic, Waiting
from shared.agency.records import Webhook
from shared.kernel.errors import MeshError
from shared.seal.keys import AgencyKeys
from shared.web.health import Check, passes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySeen:
    """A public key of this service, or of its entry in the directory: `use` is `sig` or `enc`.

    `held` says whether this service has it, `listed` whether the directory shows it.
    """

    kid: str
    use: str
    is_current: bool
    held: bool
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysSeen:
    """The keys, when their file was last written, and when the directory was last asked (None when it is away)."""

    keys: Sequence[KeySeen]
    written_at: datetime | None
    asked_at: datetime | None

    @property
    def agree(self) -> bool:
        """Say whether the directory shows exactly the keys that are held here."""
        return all(key.held and key.listed for key in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One webhook of a partner system, and what waits for it."""

    client_id: str
    since: str
    waiting: int = 0
    due_at: str | None = None
    attempts: int = 0


class Upkeep:
    """What an administrator may see of a service."""

    def __init__(self, office: Office, *, keys: AgencyKeys, key_file: Path, checks: Sequence[Check]) -> None:
        self._office = office
        self._keys = keys
        self._key_file = key_file
        self._checks = checks

    async def readiness(self) -> Sequence[tuple[str, bool]]:
        """Return what must work before requests are welcome, and whether it does."""
        return [(check.name, await passes(check)) for check in self._checks]

    async def traffic(self) -> Traffic:
        """Return how sending and receiving stand."""
        return await self._office.store.read(lambda reading: reading.traffic())

    async def webhooks(self, traffic: Traffic) -> Sequence[Told]:
        """Return the webhooks of partner systems with what waits for each."""
        known: Sequence[Webhook] = await self._office.store.read(lambda reading: reading.webhooks())
        waiting = {one.webhook_id: one for one in traffic.notifications}
        return [_told(one, waiting) for one in known]

    async def keys(self) -> KeysSeen:
        """Return the keys that are held here beside those that the directory shows."""
        current = {self._keys.signing.kid, self._keys.encryption.kid}
        held = {key["kid"]: key["use"] for key in self._keys.public_jwks()["keys"]}
        listed, asked_at = await self._listed()
        return KeysSeen(
            keys=[
                KeySeen(kid=kid, use=use, is_current=kid in current, held=kid in held, listed=kid in listed)
                for kid, use in (held | listed).items()
            ],
            written_at=await asyncio.to_thread(_written_at, self._key_file),
            asked_at=asked_at,
        )

    async def _listed(self) -> tuple[dict[str, str], datetime | None]:
        try:
            entry = await self._office.directory.entry(self._office.agency_id, fresh=ASK_AGAIN)
        except MeshError:
            return {}, None
        keys = entry.document["jwks"]["keys"]
        return {str(key.get("kid")): str(key.get("use")) for key in keys}, entry.fetched_at


def _told(webhook: Webhook, waiting: dict[str, Waiting]) -> Told:
    found = waiting.get(webhook.webhook_id)
    if found is None:
        return Told(client_id=webhook.client_id, since=webhook.created_at)
    return Told(
        client_id=webhook.client_id,
        since=webhook.created_at,
        waiting=found.count,
        due_at=found.due_at,
        attempts=found.attempts,
    )


def _written_at(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    except OSError:
        return None
