"""What the use cases need of the records, said without SQL.

Whatever is written at a desk is committed together or not at all. A unit of work reads first and writes
afterwards, and depends on the desk alone, because it may be run twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from shared.agency.records import (
    ConflictRecord,
    Happening,
    Holding,
    Letter,
    Note,
    Notification,
    Referral,
    Reroute,
    SectorClock,
    Visit,
    Webhook,
)
from shared.agency.working import Load, Occurring, Place, WorkFilter
from shared.sop.model import ClockPhase
from shared.wire.delivery import BatchItemV1, BatchResultV1, ClaimedV1, InboxV1

R = TypeVar("R")
T = TypeVar("T")

#: A record that a unit of work will probably read: its class and its key.
Expected = tuple[type[Any], str]


class Label(NamedTuple):
    """What lists show of a referral, and by what it is kept from somebody. Read by the hundred, so a plain tuple."""

    referral_id: str
    box: str
    chain_id: str
    parent_id: str | None
    linked_id: str | None
    replaces: str | None
    rerouted_to: str | None
    sender: str
    recipient: str
    service_type: str
    urgency: str
    state: str
    due: Mapping[str, str]
    next_due_at: str | None
    sent_at: str
    statements: int
    blocked: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralFilter:
    """Which referrals a list shows. Times are wire text; `after` is the last id of the page before."""

    box: str | None = None
    state: str | None = None
    due_before: str | None = None
    consent_id: str | None = None
    linked_id: str | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits to be taken by one webhook: how much, since when it is due, how often the most tried one was tried."""

    webhook_id: str
    count: int
    due_at: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How sending and receiving stand, in counts and times alone: nothing about any case."""

    letters_waiting: int
    oldest_letter_at: str | None
    last_answer_at: str | None
    last_arrival_at: str | None
    notifications: Sequence[Waiting]
    given_up: int


class Desk(Protocol):
    """The records within one unit of work."""

    def get(self, kind: type[R], key: str) -> R | None:
        """Return the record of this kind and key."""
        ...

    def hold(self, kind: type[R], key: str) -> R | None:
        """Return the record as it is now; no other process changes it until this unit of work is durable."""
        ...

    def add(self, record: Any) -> None:
        """Keep a new record. Raises `Conflict` when its key is taken."""
        ...

    def change(self, record: R, **changes: Any) -> R:
        """Change fields of a record and return it as it is now."""
        ...

    def remove(self, record: Any) -> None:
        """Forget a record."""
        ...

    def holdings(self, referral_id: str) -> Sequence[Holding]:
        """Return the compartments of a referral."""
        ...

    def notes(self, referral_id: str) -> Sequence[Note]:
        """Return the notes of a referral."""
        ...

    def casework(self, referral_id: str) -> Sequence[Any]:
        """Return the records of casework that have something encrypted under the key of a case."""
        ...

    def traces(self, referral_id: str) -> Sequence[Any]:
        """Return what the sector keeps of a case outside its key, to be removed with it (`gone_with_case`)."""
        ...

    def find(self, kind: type[R], **equal: Any) -> Sequence[R]:
        """Return the records that have these values in these fields, in the order of their keys.

        A unit of work looks for everything before it writes anything.
        """
        ...

    def over(self, kind: type[R], *, before: str, limit: int) -> Sequence[R]:
        """Return records kept for a time only (such as `IdempotentAct`, `Unsent`) whose time was over `before`."""
        ...


class Work(Protocol):
    """The work of this agency as lists: ids, counts, and nothing about a person."""

    def unseen(self, who: Sequence[str]) -> Sequence[str]:
        """Return the referrals kept from any of these persons, by a declaration or by name (R-11)."""
        ...

    def ids(self, wanted: WorkFilter) -> Sequence[str]:
        """Return one page of referrals, in the order of the list."""
        ...

    def by_duty(self, wanted: WorkFilter, by: ClockPhase, *, after: Place | None) -> Sequence[Place]:
        """Return one page of referrals from behind a place on, what is due first by a duty first.

        Where that duty is done, or has no clock, it is what is due next that counts.
        """
        ...

    def count(self, wanted: WorkFilter, *, most: int) -> int:
        """Return how many referrals a list has, counted no further than `most`."""
        ...

    def occurring(self, wanted: WorkFilter, *, most: int) -> Occurring:
        """Return the services and states among the first `most` entries of a list."""
        ...

    def numbered(self, number: str, *, unseen: Sequence[str]) -> Sequence[str]:
        """Return the referrals with a number, newest first: hardly ever more than one."""
        ...

    def loads(self, *, at: str, unseen: Sequence[str]) -> Mapping[str, Load]:
        """Return how much everybody has who has something."""
        ...

    def missed_clocks(self, *, at: str, unseen: Sequence[str], limit: int) -> Sequence[str]:
        """Return the clocks of the sector that ran out and that nobody stopped, longest over first."""
        ...


class Reading(Protocol):
    """One consistent look at the records, without writing."""

    @property
    def work(self) -> Work:
        """The referrals as lists of work."""
        ...

    def get(self, kind: type[R], key: str) -> R | None:
        """Return the record of this kind and key."""
        ...

    def many(self, kind: type[R], keys: Sequence[str]) -> Sequence[R]:
        """Return the records of these keys that exist, in the order of their keys."""
        ...

    def find(self, kind: type[R], **equal: Any) -> Sequence[R]:
        """Return the records that have these values in these fields, in the order of their keys."""
        ...

    def clocks_over(self, *, before: str, limit: int) -> Sequence[SectorClock]:
        """Return running clocks of the sector that were due before a time and that nobody was told of."""
        ...

    def referrals(self, wanted: ReferralFilter) -> Sequence[Referral]:
        """Return referrals, the newest first."""
        ...

    def labels(self, wanted: ReferralFilter) -> Sequence[Label]:
        """Return what lists show of referrals, in the order of `referrals`."""
        ...

    def holdings(self, referral_id: str) -> Sequence[Holding]:
        """Return the compartments of a referral."""
        ...

    def happenings(self, referral_id: str) -> Sequence[Happening]:
        """Return the events of a referral, oldest first."""
        ...

    def notes(self, referral_id: str) -> Sequence[Note]:
        """Return the notes of a referral, oldest first."""
        ...

    def visits(self, target: str) -> Sequence[Visit]:
        """Return who has read a referral or a consent, oldest first."""
        ...

    def declared_by(self, who: Sequence[str]) -> frozenset[str]:
        """Return the chains that are kept from any of these persons since they declared a conflict."""
        ...

    def conflicts(
        self, *, kept_from: Sequence[str], after: str | None, limit: int
    ) -> Sequence[tuple[ConflictRecord, Referral]]:
        """Return declared conflicts with their referrals, oldest first, but none in a chain kept from the reader."""
        ...

    def waiting_letters(self) -> Sequence[Letter]:
        """Return the letters without an answer, oldest first, without their text."""
        ...

    def waiting_reroutes(self, *, limit: int) -> Sequence[Reroute]:
        """Return what waits to go on to the next agency, longest waiting first."""
        ...

    def waiting_notifications(
        self, *, due_before: str, limit: int, webhook_id: str | None = None
    ) -> Sequence[Notification]:
        """Return notifications that should be tried now, of one webhook or of all, longest waiting first."""
        ...

    def given_up_notifications(self, webhook_id: str, *, after: str | None, limit: int) -> Sequence[Notification]:
        """Return what a webhook did not take until it was given up, oldest first."""
        ...

    def webhooks(self) -> Sequence[Webhook]:
        """Return the webhooks that are not disabled."""
        ...

    def webhooks_due(self, *, before: str) -> Sequence[str]:
        """Return the webhooks that should be told something now, also those that are disabled."""
        ...

    def traffic(self) -> Traffic:
        """Return how sending and receiving stand."""
        ...


class Look(Protocol):
    """What a rule may look at: records by key and by fields, at a desk or in a reading."""

    def get(self, kind: type[R], key: str) -> R | None:
        """Return the record of this kind and key."""
        ...

    def find(self, kind: type[R], **equal: Any) -> Sequence[R]:
        """Return the records that have these values in these fields, in the order of their keys."""
        ...


class Store(Protocol):
    """The database of one agency service."""

    async def write(self, work: Callable[[Desk], T], *, expects: Sequence[Expected] = ()) -> T:
        """Do a unit of work and return its result once that is durable."""
        ...

    async def read(self, look: Callable[[Reading], T]) -> T:
        """Look at the records, away from the event loop."""
        ...

    async def clock(self) -> datetime | None:
        """Return what the clock of the database's server says; None where that is this machine."""
        ...


class Hub(Protocol):
    """The gateway, as this agency calls it (`shared.transport.gateway_client.GatewayClient`)."""

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Read a document. Raises what the gateway's problem stands for, or `PeerUnavailable`."""
        ...

    async def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Ask something with an unsigned body. Raises as `get`."""
        ...

    async def post_batch(self, items: Sequence[BatchItemV1]) -> Sequence[BatchResultV1]:
        """Send signed messages; results in their order. Raises as `get` when the call as a whole fails."""
        ...

    async def inbox(self, after: str | None = None, *, wait: int = 0) -> InboxV1:
        """Fetch what is waiting here, for at most `wait` seconds."""
        ...

    async def clock(self) -> datetime | None:
        """Return what the gateway's clock says, if its answers tell. Raises `PeerUnavailable`."""
        ...

    async def claim(self, message_ids: Sequence[str]) -> ClaimedV1:
        """Ask for the halves of messages that came through the broker."""
        ...

    async def post_receipts(self, receipts: Sequence[str]) -> list[str]:
        """Hand in signed receipts for what was fetched; return the messages that are settled now."""
        ...
