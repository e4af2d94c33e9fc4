"""The desk over the database: the records of one transaction, through one book of rows.

Everything written here is committed with the ledger entry that says so, or not at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.adapters import rows
from gateway.adapters.conflicts import ConflictShelf
from gateway.adapters.found_by import messages_of
from gateway.adapters.holds import HoldShelf
from gateway.adapters.leases import LeaseShelf
from gateway.adapters.ledger import append
from gateway.adapters.marks import MarkShelf
from gateway.adapters.memory import RowMemory
from gateway.adapters.notices import NoticeWriter
from gateway.adapters.number_tables import REFERRAL_NUMBERS, number_row
from gateway.adapters.overrides import OverrideShelf
from gateway.adapters.refused_messages import RefusalShelf
from gateway.adapters.statements import StatementShelf
from gateway.adapters.tables import AGENCIES, AREAS, CONSENTS, MESSAGES, REFERRALS, is_unsettled
from gateway.application.ports import Recorded, StoredMessage
from gateway.domain.agency import Agency
from gateway.domain.alarms import next_clock_at
from gateway.domain.arrival import Arrival
from gateway.domain.referral import Referral
from shared.consent.grant import Consent, Taking
from shared.kernel.clock import Clock, to_wire
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import Sop
from shared.storage.book import Book
from shared.storage.shape import Lock
from shared.telemetry.context import new_trace

_PROVINCE_DIGITS = 2
#: `areas` holds this code when a list of communes was imported.
LIST_IMPORTED = "*"


class SqlDesk:
    """One transaction over a `Book`, at one moment. Implements `gateway.application.ports.Desk`."""

    def __init__(
        self,
        book: Book,
        *,
        clock: Clock,
        sop: Sop,
        memory: RowMemory,
        notices: NoticeWriter,
    ) -> None:
        self.book = book
        #: The moment of this transaction: no unit of work in it is earlier or later than another.
        self.at = clock.now()
        self._now = to_wire(self.at)
        self._own_trace = ""
        self._sop = sop
        self._memory = memory
        self._notices = notices

    @property
    def leases(self) -> LeaseShelf:
        """The leases on places of services. Shelves hold nothing of their own: each is made when it is asked for."""
        return LeaseShelf(self.book)

    @property
    def holds(self) -> HoldShelf:
        """What holders owe since revocations."""
        return HoldShelf(self.book, sop=self._sop)

    @property
    def overrides(self) -> OverrideShelf:
        """Disclosures without consent."""
        return OverrideShelf(self.book)

    @property
    def conflicts(self) -> ConflictShelf:
        """Conflicts of interest."""
        return ConflictShelf(self.book)

    @property
    def statements(self) -> StatementShelf:
        """That statements were taken, and who asked for them."""
        return StatementShelf(self.book)

    @property
    def marks(self) -> MarkShelf:
        """What is remembered of events for counting."""
        return MarkShelf(self.book)

    @property
    def refusals(self) -> RefusalShelf:
        """What was refused before."""
        return RefusalShelf(self.book)

    def message(self, message_id: str) -> StoredMessage | None:
        """Return the admitted message of this id."""
        row = self.book.get(MESSAGES, message_id)
        return None if row is None else _stored(row)

    def agency(self, agency_id: str) -> Agency | None:
        """Return the directory entry."""
        row = self.book.get(AGENCIES, agency_id)
        return None if row is None else self._memory.agency(row)

    def referral(self, referral_id: str) -> Referral | None:
        """Return the referral as it stands."""
        row = self.book.get(REFERRALS, referral_id)
        return None if row is None else rows.referral_of(row)

    def consent(self, consent_id: str) -> Consent | None:
        """Return the consent with all that was taken back of it."""
        row = self.book.get(CONSENTS, consent_id)
        return None if row is None else self._memory.consent(row)

    def derived_consents(self, consent_id: str) -> Sequence[Consent]:
        """Return every consent that was derived from this one, nearest first."""
        found: dict[str, Consent] = {}
        parents = [consent_id]
        while parents:
            derived = self.book.find(CONSENTS, CONSENTS.c.derived_from.in_(parents))
            parents = [row["id"] for row in derived if row["id"] not in found]
            found.update({row["id"]: self._memory.consent(row) for row in derived})
        return list(found.values())

    def referrals_under(self, consent_ids: Sequence[str]) -> Sequence[Referral]:
        """Return every referral that rests on one of these consents."""
        if not consent_ids:
            return ()
        found = self.book.find(REFERRALS, REFERRALS.c.consent_id.in_(consent_ids), order_by=(REFERRALS.c.referral_id,))
        return [rows.referral_of(row) for row in found]

    def unsettled(self, referral_ids: Sequence[str]) -> Sequence[StoredMessage]:
        """Return the messages of these referrals that still wait to be delivered, and keep them from leaving now.

        One that is just being claimed is waited for: then it has left, and that is known.
        """
        if not referral_ids:
            return ()
        found = self.book.find(
            MESSAGES,
            messages_of(referral_ids),
            is_unsettled(MESSAGES.c.settled_at),
            order_by=(MESSAGES.c.seq,),
            lock=Lock.WAIT,
        )
        return [_stored(row) for row in found]

    def province_of(self, area: str) -> str | None:
        """Return the province of a commune, None when the list of communes was not imported."""
        row = self.book.get(AREAS, area)
        return None if row is None else str(row["province"])

    def area_exists(self, area: str) -> bool:
        """Say whether this province or commune exists; without an imported list, whether the code is in range."""
        if len(area) == _PROVINCE_DIGITS:
            return area in self._sop.provinces
        if self.book.get(AREAS, LIST_IMPORTED) is not None:
            return self.book.get(AREAS, area) is not None
        lowest, highest = self._sop.commune_codes
        return lowest <= area <= highest

    def record(self, kind: str, actor: str, **facts: str | None) -> Recorded:
        """Append one entry to the ledger; what no call brought about gets this transaction's own trace."""
        if not facts.get("trace_id"):
            facts["trace_id"] = self._trace_of_its_own()
        return append(self.book, kind, actor, at=self._now, **facts)

    def store_message(
        self, arrival: Arrival, *, recorded: Recorded, answer: str, referral_id: str | None, deliver: bool
    ) -> None:
        """Keep a message: for replays, and for delivery to its recipient when `deliver`."""
        self.book.insert(
            MESSAGES,
            {
                "message_id": arrival.message_id,
                "seq": recorded.index,
                "kind": arrival.kind,
                "sender": arrival.sender,
                "recipient": arrival.recipient,
                "referral_id": referral_id,
                "sha256": arrival.sha256,
                "answer": answer,
                "body": arrival.body if deliver else None,
                "signature": arrival.signature if deliver else None,
                "hub_shares": dict(arrival.hub_shares) if deliver and arrival.kind == "note" else None,
                "traceparent": arrival.traceparent,
                "queued_at": self._now,
                "attempt": 0,
                "due_at": None,
                "settled_at": None if deliver else self._now,
                "settled_code": None if deliver else "kept",
            },
        )

    def notify(self, agency_id: str, *, type: str, referral_id: str, data: Mapping[str, Any], trace_id: str) -> str:
        """Write a notice from the gateway to an agency, record it, and queue it for delivery; return its id."""
        trace_id = trace_id or self._trace_of_its_own()
        notice = self._notices.write(
            agency_id, type=type, referral_id=referral_id, data=data, trace_id=trace_id, at=self.at
        )
        row = self.book.get(REFERRALS, referral_id) or {}
        recorded = self.record(
            "notice",
            GATEWAY,
            message_id=notice.message_id,
            message_sha256=notice.sha256,
            referral_id=referral_id,
            chain_id=row.get("chain_id"),
            consent_id=row.get("consent_id"),
            code=type,
            state=row.get("state"),
            trace_id=trace_id,
        )
        self.store_message(notice, recorded=recorded, answer="{}", referral_id=referral_id, deliver=True)
        return notice.message_id

    def _trace_of_its_own(self) -> str:
        self._own_trace = self._own_trace or new_trace().trace_id
        return self._own_trace

    def settle_message(self, message: StoredMessage, *, code: str) -> None:
        """Take a waiting message out of delivery, say why, and forget its text and halves."""
        self.book.update(
            MESSAGES,
            message.message_id,
            body=None,
            signature=None,
            hub_shares=None,
            settled_at=self._now,
            settled_code=code,
        )

    def add_referral(self, referral: Referral) -> None:
        """Keep a new referral."""
        row = self.book.insert(REFERRALS, rows.referral_row(referral) | self._next_clock(referral))
        self.book.insert(REFERRAL_NUMBERS, number_row(row))

    def change_referral(self, referral: Referral) -> None:
        """Keep what changed of a referral: state, halves, due times."""
        changes = rows.referral_changes(referral) | self._next_clock(referral)
        self.book.update(REFERRALS, referral.referral_id, **changes)

    def _next_clock(self, referral: Referral) -> dict[str, Any]:
        return {"next_clock_at": next_clock_at(referral, sop=self._sop)}

    def add_consent(self, consent: Consent, *, statement: Mapping[str, Any]) -> None:
        """Keep a new consent; `statement` is in which form it was given (language, witness ...)."""
        self.book.insert(CONSENTS, rows.consent_row(consent, statement))

    def take_back(self, consent: Consent, taking: Taking) -> None:
        """Add a taking to a consent."""
        takings = [rows.taking_row(earlier) for earlier in (*consent.takings, taking)]
        self.book.update(CONSENTS, consent.id, takings=takings)


def _stored(row: Mapping[str, Any]) -> StoredMessage:
    return StoredMessage(
        message_id=row["message_id"],
        kind=row["kind"],
        sender=row["sender"],
        recipient=row["recipient"],
        referral_id=row["referral_id"],
        sha256=row["sha256"],
        answer=row["answer"],
        attempted=row["attempt"] > 0,
        settled_as=row["settled_code"],
    )
