"""What the use cases need of the world: one desk per unit of work.

Whatever is written at a desk is committed together, or not at all: the change, the message for the
other side, and the ledger entry. A use case reads first and writes afterwards, and may be run twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway.domain.agency import Agency, Availability
from gateway.domain.arrival import Arrival
from gateway.domain.conflict import Conflict
from gateway.domain.lease import Lease, Standing
from gateway.domain.mark import Mark
from gateway.domain.override import Override
from gateway.domain.referral import Referral
from gateway.domain.statement import Statement, StatementRequest
from gateway.domain.withdrawal import Hold, Reach
from shared.consent.grant import Consent, Taking
from shared.kernel.errors import MeshError
from shared.kernel.values import value


@value
class Recorded:
    """Where a decision stands in the ledger."""

    index: int
    leaf_hash: str


@value
class StoredMessage:
    """A message that was admitted before, with the answer it was given.

    `attempted`: it may have reached its recipient, even without a receipt. `settled_as`: why it waits no more.
    """

    message_id: str
    kind: str
    sender: str
    recipient: str | None
    referral_id: str | None
    sha256: str
    answer: str
    attempted: bool
    settled_as: str | None

    @property
    def settled(self) -> bool:
        """Say whether it waits no more."""
        return self.settled_as is not None


class Leases(Protocol):
    """The leases on places of services, and what they are counted against."""

    def get(self, lease_id: str) -> Lease | None:
        """Return a lease that has not been released or swept away."""
        ...

    def availability(self, agency_id: str, service_type: str) -> Availability | None:
        """Return what the agency last said of the service."""
        ...

    def standings(self, agency_id: str, service_type: str) -> Sequence[Standing]:
        """Return every lease on this service of this agency, also those that take no place any more."""
        ...

    def run_out(self, *, at: str) -> Sequence[Lease]:
        """Return the leases, of whatever service, that ran out unused."""
        ...

    def add(self, lease: Lease) -> None:
        """Keep a new lease."""
        ...

    def use(self, lease: Lease) -> None:
        """Keep by which referral a lease was used."""
        ...

    def drop(self, lease: Lease) -> None:
        """Forget a lease."""
        ...


class Overrides(Protocol):
    """The disclosures that rest on a ground other than consent, by the referral that made them."""

    def get(self, referral_id: str) -> Override | None:
        """Return the override that this referral is; None for one that rests on consent."""
        ...

    def add(self, override: Override) -> None:
        """Keep a new override."""
        ...

    def change(self, override: Override) -> None:
        """Keep what was done about an override."""
        ...


class Holds(Protocol):
    """What holders of data owe since revocations, and what they answered."""

    def get(self, key: str) -> Hold | None:
        """Return a hold by its key."""
        ...

    def of_referral(self, referral_id: str) -> Sequence[Hold]:
        """Return what was asked of the holder of this referral, oldest first."""
        ...

    def reach(self, hold: Hold, *, at: datetime) -> Reach:
        """Say whether the notice of a hold has reached its agency."""
        ...

    def add(self, hold: Hold) -> None:
        """Keep a new hold."""
        ...

    def change(self, hold: Hold) -> None:
        """Keep what changed of a hold."""
        ...


class Conflicts(Protocol):
    """Conflicts of interest: who declared one, and which referrals were given back because of one."""

    def get(self, key: str) -> Conflict | None:
        """Return the conflict of this key."""
        ...

    def add(self, conflict: Conflict) -> None:
        """Keep a new conflict."""
        ...


class Statements(Protocol):
    """That she told what happened: how often in a chain, to whom, and who asked for what was told."""

    def told(self, chain_id: str, subject: str) -> Sequence[Statement]:
        """Return the statements of one person in a chain, oldest first."""
        ...

    def add(self, statement: Statement) -> None:
        """Keep that a statement was taken."""
        ...

    def request(self, request_id: str) -> StatementRequest | None:
        """Return a request."""
        ...

    def request_for(self, referral_id: str) -> StatementRequest | None:
        """Return the request that was made for this referral."""
        ...

    def ask(self, request: StatementRequest) -> None:
        """Keep a new request."""
        ...

    def answer(self, request: StatementRequest, *, by: str) -> None:
        """Keep which referral answers a request; the first one counts."""
        ...

    def warned(self, request: StatementRequest, *, at: str) -> None:
        """Keep that it was said that nobody answered in time."""
        ...


class Marks(Protocol):
    """What events said that is counted."""

    def add(self, mark: Mark) -> None:
        """Keep what an event said."""
        ...


class Refusals(Protocol):
    """Refusals, by the bytes they were given to."""

    def given(self, arrival: Arrival) -> MeshError | None:
        """Return the refusal that these bytes got before."""
        ...

    def keep(self, arrival: Arrival, error: MeshError) -> None:
        """Keep the refusal of these bytes, which have got none before."""
        ...


class Desk(Protocol):
    """The gateway's records within one unit of work."""

    @property
    def refusals(self) -> Refusals:
        """What was refused, for when the same bytes come again."""
        ...

    @property
    def marks(self) -> Marks:
        """What events said that is counted."""
        ...

    @property
    def conflicts(self) -> Conflicts:
        """Conflicts of interest."""
        ...

    @property
    def statements(self) -> Statements:
        """That she told what happened."""
        ...

    @property
    def holds(self) -> Holds:
        """What holders of data owe since revocations."""
        ...

    @property
    def leases(self) -> Leases:
        """The leases on places of services."""
        ...

    @property
    def overrides(self) -> Overrides:
        """The disclosures that rest on a ground other than consent."""
        ...

    @property
    def at(self) -> datetime:
        """The moment of the transaction: no unit of work in it is earlier or later than another."""
        ...

    def message(self, message_id: str) -> StoredMessage | None:
        """Return the admitted message of this id."""
        ...

    def agency(self, agency_id: str) -> Agency | None:
        """Return the directory entry."""
        ...

    def referral(self, referral_id: str) -> Referral | None:
        """Return the referral as it stands."""
        ...

    def consent(self, consent_id: str) -> Consent | None:
        """Return the consent with all that was taken back of it."""
        ...

    def derived_consents(self, consent_id: str) -> Sequence[Consent]:
        """Return every consent that was derived from this one, directly or not."""
        ...

    def referrals_under(self, consent_ids: Sequence[str]) -> Sequence[Referral]:
        """Return every referral that rests on one of these consents."""
        ...

    def unsettled(self, referral_ids: Sequence[str]) -> Sequence[StoredMessage]:
        """Return the messages of these referrals that are still waiting to be delivered."""
        ...

    def province_of(self, area: str) -> str | None:
        """Return the province of a commune, None when the list of communes was not imported."""
        ...

    def area_exists(self, area: str) -> bool:
        """Say whether this province or commune exists."""
        ...

    def record(
        self,
        kind: str,
        actor: str,
        *,
        message_id: str | None = None,
        message_sha256: str | None = None,
        referral_id: str | None = None,
        chain_id: str | None = None,
        consent_id: str | None = None,
        code: str | None = None,
        state: str | None = None,
        trace_id: str | None = None,
    ) -> Recorded:
        """Append one entry to the ledger."""
        ...

    def store_message(
        self, arrival: Arrival, *, recorded: Recorded, answer: str, referral_id: str | None, deliver: bool
    ) -> None:
        """Keep a message: for replays with the JSON text of its answer, and for delivery when `deliver`."""
        ...

    def notify(self, agency_id: str, *, type: str, referral_id: str, data: Mapping[str, Any], trace_id: str) -> str:
        """Write a notice from the gateway to an agency, record it, and queue it for delivery; return its id."""
        ...

    def settle_message(self, message: StoredMessage, *, code: str) -> None:
        """Take a waiting message out of delivery, say why, and forget its text and halves."""
        ...

    def add_referral(self, referral: Referral) -> None:
        """Keep a new referral."""
        ...

    def change_referral(self, referral: Referral) -> None:
        """Keep what changed of a referral: state, halves, due times."""
        ...

    def add_consent(self, consent: Consent, *, statement: Mapping[str, Any]) -> None:
        """Keep a new consent; `statement` is in which form it was given (language, witness ...)."""
        ...

    def take_back(self, consent: Consent, taking: Taking) -> None:
        """Add a taking to a consent."""
        ...
