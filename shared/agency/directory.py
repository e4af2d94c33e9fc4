"""Who the other agencies are: their keys, sectors, services and areas, as the gateway's directory says.

Promises that sealing works while the gateway is away or hangs (entries are kept, and a caller waits for a fresh one
only briefly), that a rotated key is found at once (each unknown one makes this service ask, a few in a minute per
agency; while the gateway does not answer, the message waits), and that a withdrawn key stops being believed within ten
minutes.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from shared.agency.ports import Desk, Hub, Store
from shared.agency.records import KnownAgency
from shared.kernel.clock import Clock, from_wire, to_wire
from shared.kernel.errors import InputRejected, NotFound, PeerUnavailable
from shared.kernel.identifiers import GATEWAY
from shared.seal.jws import unverified_kid, verify_detached
from shared.seal.keys import EncryptionPublicKey, KeyRing

#: How long an entry is taken without asking again.
FRESH: Final = timedelta(minutes=10)
#: At most this often is an entry asked for again because a signature did not hold.
ASK_AGAIN: Final = timedelta(minutes=1)

#: So many keys that nobody knows make it ask within `ASK_AGAIN`, per agency.
UNKNOWN_MOST: Final = 4

#: Seconds to wait for a fresh entry where an older one is at hand.
BRIEFLY: Final = 3.0

_KEYS_OF_GATEWAY: Final = "/.well-known/jwks.json"


@dataclass(frozen=True)
class Entry:
    """A directory entry as fetched, with its keys read once."""

    agency_id: str
    document: Mapping[str, Any]
    fetched_at: datetime
    ring: KeyRing

    def names(self, field: str) -> frozenset[str]:
        """Return a list of the entry (`sectors`, `areas`, `services`) as a set."""
        return frozenset(str(name) for name in self.document.get(field) or ())

    def encryption_key(self) -> EncryptionPublicKey:
        """Return the key the agency wants to be sealed to. Raises `InputRejected` (`key.invalid`)."""
        return self._encryption_key

    @cached_property
    def _encryption_key(self) -> EncryptionPublicKey:
        return EncryptionPublicKey.from_jwks(self.document["jwks"])


class Directory:
    """The entries this service has met, in memory and in its database."""

    def __init__(self, store: Store, hub: Hub, clock: Clock) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._known: dict[str, Entry] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._asked_at: dict[str, datetime] = {}
        self._asked_for: dict[str, dict[str, datetime]] = {}

    async def entry(self, agency_id: str, *, fresh: timedelta = FRESH) -> Entry:
        """Return the entry of an agency, asked for anew when older than `fresh` and the gateway answers.

        Raises `NotFound` when there is no such agency, `PeerUnavailable` when it was never met and the
        gateway is away.
        """
        async with self._asking.setdefault(agency_id, asyncio.Lock()):
            known = self._known.get(agency_id) or await self._kept(agency_id)
            if known is not None and not self._should_ask(known, fresh):
                return known
            self._asked_at[agency_id] = self._clock.now()
            try:
                async with asyncio.timeout(None if known is None else BRIEFLY):
                    return await self._fetch(agency_id)
            except (PeerUnavailable, TimeoutError):
                if known is None:
                    raise
                return known

    def _should_ask(self, known: Entry, fresh: timedelta) -> bool:
        """Say whether an entry is too old, and was not asked for in vain just now."""
        now = self._clock.now()
        asked_at = self._asked_at.get(known.agency_id, known.fetched_at)
        return now - known.fetched_at >= fresh and now - asked_at >= min(fresh, ASK_AGAIN)

    async def encryption_key(self, agency_id: str) -> EncryptionPublicKey:
        """Return the key an agency wants to be sealed to, as of the last minute where the gateway answers.

        Raises as `entry`, and `InputRejected` (`key.invalid`).
        """
        return (await self.entry(agency_id, fresh=ASK_AGAIN)).encryption_key()

    async def check_signature(self, sender: str, body: bytes, signature: str) -> None:
        """Check a message's signature against its sender's published keys.

        Raises `InputRejected` (`signature.invalid`), `NotFound` for an unknown sender, `PeerUnavailable` when the
        sender's keys cannot be had now.
        """
        known = await self.entry(sender)
        if self._clock.now() - known.fetched_at > FRESH:  # a key withdrawn since would still be believed
            raise PeerUnavailable("peer.unreachable", "The sender's keys cannot be looked up now.", retry_after=1)
        try:
            verify_detached(body, signature, known.ring)
        except InputRejected:
            renewed = await self._renewed(sender, known, unverified_kid(signature))
            if renewed is known:
                raise
            verify_detached(body, signature, renewed.ring)

    async def _renewed(self, agency_id: str, known: Entry, kid: str | None) -> Entry:
        """Return the entry that a signature should be held against once more. Raises `PeerUnavailable`."""
        if kid is None or known.ring.get(kid) is not None:
            return await self.entry(agency_id, fresh=ASK_AGAIN)
        async with self._asking.setdefault(agency_id, asyncio.Lock()):
            latest, now = self._known.get(agency_id, known), self._clock.now()
            asked = {one: at for one, at in self._asked_for.get(agency_id, {}).items() if now - at < ASK_AGAIN}
            self._asked_for[agency_id] = asked
            if latest.ring.get(kid) is not None or kid in asked or len(asked) >= UNKNOWN_MOST:
                return latest
            fetched = await self._fetch(agency_id)
            asked[kid] = now
            return fetched

    async def _fetch(self, agency_id: str) -> Entry:
        if agency_id == GATEWAY:
            document = {"jwks": await self._hub.get(_KEYS_OF_GATEWAY)}
        else:
            document = await self._hub.get(f"/v1/agencies/{agency_id}")
        entry = _read(agency_id, document, self._clock.now())
        if agency_id not in self._known or self._known[agency_id].document != document:
            await self._keep(entry)
        self._known[agency_id] = entry
        return entry

    async def _kept(self, agency_id: str) -> Entry | None:
        record = await self._store.read(lambda reading: reading.get(KnownAgency, agency_id))
        if record is None:
            return None
        kept = self._known[agency_id] = _read(agency_id, record.entry, from_wire(record.fetched_at))
        return kept

    async def _keep(self, entry: Entry) -> None:
        def work(desk: Desk) -> None:
            at = to_wire(entry.fetched_at)
            known = desk.get(KnownAgency, entry.agency_id)
            if known is None:
                desk.add(KnownAgency(agency_id=entry.agency_id, entry=entry.document, fetched_at=at))
            else:
                desk.change(known, entry=dict(entry.document), fetched_at=at)

        await self._store.write(work, expects=[(KnownAgency, entry.agency_id)])


def _read(agency_id: str, document: Mapping[str, Any], at: datetime) -> Entry:
    try:
        return Entry(agency_id, document, at, KeyRing.from_jwks(document.get("jwks")))
    except InputRejected as fault:
        raise NotFound("agency.unknown", "The directory shows no usable keys for this agency.") from fault
