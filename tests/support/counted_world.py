"""A gateway's records of a time that lies back: consents, referrals and what happened to them, by its own use cases.

Nothing is signed and nothing travels; admission is left out because it cannot be made in the past. What is planned is
carried out in the order of time, on a clock that is moved along.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.adapters.core import Core, open_records
from gateway.adapters.desk import SqlDesk
from gateway.adapters.provisioning import Provisioning
from gateway.adapters.tables import REFERRALS
from gateway.application.fire_clocks import fire_clocks
from gateway.application.outcome import Admitted
from gateway.application.report_event import report_event
from gateway.domain.arrival import Arrival, EventReported
from gateway.domain.clocks import with_due_times
from gateway.domain.referral import Half, HalfState, Referral
from shared.consent.grant import Consent, Taking
from shared.consent.request import ConsentBasis, OtherBasis
from shared.kernel.clock import ManualClock, to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.keys import AgencyKeys
from shared.sop.model import (
    AgeBand,
    Compartment,
    EventType,
    LegalBasisKind,
    Presence,
    ReferralState,
    Stage,
    Urgency,
)
from tests.support.mesh import POLICE, ROLL, enrolment, keys_of

SENDER = POLICE
STATUTE = OtherBasis(LegalBasisKind.LEGAL_OBLIGATION, "Art 19", "duty-1", notify_unsafe=False, decision=None)
DANGER = OtherBasis(LegalBasisKind.VITAL_INTEREST, "Art 19", "duty-1", notify_unsafe=True, decision=None)
_YEAR = timedelta(days=365)
_BY_SENDER = frozenset({EventType.CANCELLED, EventType.CLOSED, EventType.WITHDRAWN, EventType.ENTERED_IN_ERROR})


@dataclass
class CountedWorld:
    """What happened, to be written down. `begins` is the earliest moment there is."""

    database_url: str
    keys: AgencyKeys
    begins: datetime
    more_agencies: Sequence[tuple[str, str, str, str]] = ()
    plan: list[tuple[datetime, int, Callable[[SqlDesk], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock(self.begins)
        self.ids = Uuid7Factory(self.clock)
        self._sent: dict[str, tuple[str, str]] = {}

    def consent(self, at: datetime, *, statistics: bool = True, taken_back: bool = False, withheld: str = "") -> str:
        """Plan a consent; return its id."""
        consent_id = self.ids.new()
        purposes = frozenset({"service", "statistics"} if statistics else {"service"})
        kept = frozenset({Compartment(withheld)} if withheld else ())
        given = Consent(consent_id, self.ids.new(), SENDER, at, at, at + _YEAR, purposes, (), kept, None, ())

        def write(desk: SqlDesk) -> None:
            desk.record("consent", SENDER, consent_id=consent_id)
            desk.add_consent(given, statement={})
            if taken_back:
                desk.take_back(given, Taking(at, "survivor", None, None))

        self._plan(at, write)
        return consent_id

    def refer(
        self,
        at: datetime,
        service: str,
        recipient: str,
        basis: ConsentBasis | OtherBasis,
        *,
        urgency: Urgency = Urgency.PROMPT,
        replaces: str | None = None,
        **more: Any,
    ) -> str:
        """Plan a referral; return its id."""
        referral_id = self.ids.new()
        facts = {"chain_id": referral_id, "subject": self.ids.new(), "staff_gender": "any", **more}
        facts |= {"service_type": service, "basis": basis, "urgency": urgency}
        self._sent[referral_id] = (SENDER, recipient)

        def write(desk: SqlDesk) -> None:
            referral = self._referral(referral_id, recipient, at, facts)
            desk.record(
                "referral", SENDER, referral_id=referral_id, chain_id=referral.chain_id,
                consent_id=referral.consent_id, code=service, state="sent",
            )  # fmt: skip
            desk.add_referral(referral)
            if replaces:
                desk.book.update(REFERRALS, replaces, replaced_by=referral_id)

        self._plan(at, write)
        return referral_id

    def event(self, at: datetime, referral_id: str, kind: str, *, refused: bool = False, **data: Any) -> None:
        """Plan an event of a referral, by whoever may say it; `refused` where the gateway will not have it."""
        event, (sender, recipient) = EventType(kind), self._sent[referral_id]
        by, to = (sender, recipient) if event in _BY_SENDER else (recipient, sender)
        message_id = self.ids.new()

        def write(desk: SqlDesk) -> None:
            arrival = _arrival(message_id, by, to, at)
            outcome = report_event(
                desk, EventReported(arrival, referral_id, event, at, "p-1", data), sop=self._core.sop
            )
            assert isinstance(outcome, Admitted) or refused, (kind, outcome)

        self._plan(at, write)

    def tick(self, at: datetime, referral_id: str) -> None:
        """Plan that the clocks of a referral are looked at."""
        self._plan(at, lambda desk: void(fire_clocks(desk, referral_id, sop=self._core.sop)))

    def happen(self, until: datetime | None = None) -> None:
        """Carry out what was planned."""
        self._core: Core = open_records(self.database_url, keys=self.keys, clock=self.clock)
        try:
            self._enrol()
            for at, _, write in sorted(self.plan, key=lambda one: one[:2]):
                self.clock.advance(at - self.clock.now())
                self._core.writer.submit_blocking(write)
            if until is not None:
                self.clock.advance(until - self.clock.now())
        finally:
            self._core.close()

    def _enrol(self) -> None:
        desk = Provisioning(writer=self._core.writer, sop=self._core.sop, closing=lambda: None)
        for agency_id, sector, codes in ROLL:
            desk.enroll(enrolment(agency_id, sector, codes))
        for agency_id, sector, codes, name in self.more_agencies:
            named = enrolment(agency_id, sector, codes, name_vi=name, name_en=name)
            desk.enroll(replace(named, jwks=keys_of(agency_id).public_jwks()))

    def _plan(self, at: datetime, write: Callable[[SqlDesk], None]) -> None:
        self.plan.append((at, len(self.plan), write))

    def _referral(self, referral_id: str, recipient: str, at: datetime, facts: Mapping[str, Any]) -> Referral:
        rules = self._core.sop.services[facts["service_type"]].compartments
        extra = {Compartment(name) for name in facts.get("extra", ())}
        sent = {name for name, rule in rules.items() if rule.presence is Presence.REQUIRED} | extra
        made = Referral(
            referral_id=referral_id,
            parent_id=None,
            sender=SENDER,
            recipient=recipient,
            state=ReferralState.SENT,
            age_band=AgeBand.ADULT,
            basis_expires_at=None,
            blocked=frozenset(),
            halves={name: Half(Stage.ACCEPTED, HalfState.SEALED, "x" * 43) for name in sent},
            due={},
            sent_at=to_wire(at),
            received_at=to_wire(at),
            **{name: value for name, value in facts.items() if name != "extra"},
        )
        return with_due_times(made, sop=self._core.sop)


def void(_: object) -> None:
    """Do nothing with a value."""


def _arrival(message_id: str, by: str, to: str, at: datetime) -> Arrival:
    return Arrival(
        kind="event",
        message_id=message_id,
        sender=by,
        recipient=to,
        sent_at=at,
        received_at=at,
        body="{}",
        sha256=hashlib.sha256(message_id.encode()).hexdigest(),
        signature="x",
        hub_shares={},
        trace_id="0" * 32,
        traceparent=f"00-{'0' * 32}-{'0' * 16}-00",
    )
