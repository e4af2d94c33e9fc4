"""A ledger and a register that have grown: many referrals written in bulk, by the gateway's own hand.

Does what admission does to the records (ledger entry, referral, message, all in one transaction), without HTTP and
without signatures: those cost the same however large the tables are, and a million of them would take an hour.
"""

import hashlib
from datetime import datetime, timedelta
from functools import partial

from bench.servers import Gateway
from bench.workload import RECIPIENT, SENDER, SERVICE
from gateway.adapters.desk import SqlDesk
from gateway.bootstrap import open_core
from gateway.domain.arrival import Arrival
from gateway.domain.referral import DueTime, Half, HalfState, Referral
from shared.consent.request import ConsentBasis
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import IdFactory
from shared.sop.model import AgeBand, ClockPhase, Compartment, ReferralState, Stage, Urgency

_PORTION = 200
_BODY = "x" * 4096
_FAR = timedelta(days=365)


def fill(gateway: Gateway, count: int) -> None:
    """Write `count` referrals into the gateway's database, while the gateway stands idle."""
    core = open_core(gateway.settings)
    try:
        for start in range(0, count, _PORTION):
            portion = min(_PORTION, count - start)
            core.writer.submit_blocking(partial(_write, ids=core.ids, count=portion))
    finally:
        core.close()


def _write(desk: SqlDesk, *, ids: IdFactory, count: int) -> None:
    consent_id, subject = ids.new(), ids.new()
    for _ in range(count):
        arrival = _arrival(ids.new(), desk.at)
        referral = _referral(arrival, consent_id, subject)
        recorded = desk.record(
            "referral",
            SENDER,
            message_id=arrival.message_id,
            message_sha256=arrival.sha256,
            referral_id=referral.referral_id,
            chain_id=referral.chain_id,
            consent_id=consent_id,
            code=SERVICE,
            state=referral.state.value,
            trace_id=arrival.trace_id,
        )
        desk.add_referral(referral)
        desk.store_message(arrival, recorded=recorded, answer={}, referral_id=referral.referral_id, deliver=True)


def _arrival(message_id: str, at: datetime) -> Arrival:
    return Arrival(
        kind="referral",
        message_id=message_id,
        sender=SENDER,
        recipient=RECIPIENT,
        sent_at=at,
        received_at=at,
        body=_BODY,
        sha256=hashlib.sha256(message_id.encode()).hexdigest(),
        signature="x" * 200,
        hub_shares={},
        trace_id="0" * 32,
        traceparent=f"00-{'0' * 32}-{'0' * 16}-00",
    )


def _referral(arrival: Arrival, consent_id: str, subject: str) -> Referral:
    due = DueTime(to_wire(arrival.sent_at + _FAR), "bench")  # no alarm rings while anything is measured
    return Referral(
        referral_id=arrival.message_id,
        chain_id=arrival.message_id,
        parent_id=None,
        sender=SENDER,
        recipient=RECIPIENT,
        subject=subject,
        service_type=SERVICE,
        urgency=Urgency.URGENT,
        staff_gender="female",
        state=ReferralState.SENT,
        age_band=AgeBand.ADULT,
        basis=ConsentBasis(consent_id),
        basis_expires_at=None,
        blocked=frozenset(),
        halves={Compartment.IDENTITY: Half(Stage.ACCEPTED, HalfState.SEALED, "x" * 43)},
        due={ClockPhase.ACKNOWLEDGE: due},
        sent_at=to_wire(arrival.sent_at),
        received_at=to_wire(arrival.received_at),
    )
