"""Referrals with running clocks, for the pure parts of the gateway: the real procedure, invented agencies."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from gateway.domain.alarms import Firing, schedule, worth_saying
from gateway.domain.clocks import with_due_times
from gateway.domain.pauses import paused_by
from gateway.domain.referral import Half, HalfState, Referral
from shared.consent.request import ConsentBasis
from shared.kernel.clock import from_wire, to_wire
from shared.sop.loader import load_sop
from shared.sop.model import AgeBand, Compartment, EventType, ReferralState, Stage, Urgency

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
SOP = load_sop()


def hanoi(text: str) -> datetime:
    """A moment of the day in Viet Nam, such as `2026-02-13 16:00`, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=HANOI).astimezone(UTC)


def in_hanoi(wire: str) -> str:
    """A moment of the wire as the clock on the wall in Viet Nam shows it, to the minute."""
    return from_wire(wire).astimezone(HANOI).strftime("%Y-%m-%d %H:%M")


def a_referral(
    *,
    service: str = "LEG-01",
    urgency: Urgency | None = None,
    received_at: datetime,
    incident_at: datetime | None = None,
    state: ReferralState = ReferralState.SENT,
    remote_area: bool = False,
) -> Referral:
    """A referral as the gateway has just admitted it, with its due times."""
    referral = Referral(
        referral_id="01935f00-0000-7000-8000-0000000000b1",
        chain_id="01935f00-0000-7000-8000-0000000000b1",
        parent_id=None,
        sender="health-th",
        recipient="legal-th",
        subject="01935f00-0000-7000-8000-0000000000c1",
        service_type=service,
        urgency=urgency or SOP.services[service].urgency,
        staff_gender="any",
        state=state,
        age_band=AgeBand.ADULT,
        basis=ConsentBasis("01935f00-0000-7000-8000-0000000000d1"),
        basis_expires_at=None,
        blocked=frozenset(),
        halves={Compartment.SAFETY: Half(Stage.TRIAGE, HalfState.SEALED, "half")},
        due={},
        sent_at=to_wire(received_at),
        received_at=to_wire(received_at),
        incident_at=None if incident_at is None else to_wire(incident_at),
        remote_area=remote_area,
    )
    return with_due_times(referral, sop=SOP)


def said(referral: Referral) -> list[tuple[str, str, str]]:
    """Everything its clocks will say if nothing happens: when (in Viet Nam), what, and for whose attention."""
    return [(in_hanoi(firing.at), firing.code, firing.level.value) for firing in firings(referral)]


def firings(referral: Referral) -> list[Firing]:
    """Everything its clocks will say, one moment after the other."""
    planned = groupby(schedule(referral, sop=SOP), key=lambda firing: firing.at)
    return [firing for _, due in planned for firing in worth_saying(list(due))]


def after(referral: Referral, event: EventType, *, at: datetime, **data: object) -> Referral:
    """The referral after an event that may pause or resume its clocks."""
    return paused_by(referral, event, data, at=at, sop=SOP)


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
