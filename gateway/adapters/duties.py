"""What the gateway keeps watch over: clocks of referrals, late answers, access that nobody confirmed.

Late answers are those to withdrawals, and to requests for a statement.
"""

from gateway.adapters.desk import SqlDesk
from gateway.adapters.tables import HOLDS, OVERRIDES, REFERRALS, STATEMENT_REQUESTS
from gateway.adapters.watch import Duty
from gateway.application.chase_hold import chase_hold
from gateway.application.chase_statement import chase_statement
from gateway.application.end_override import end_unconfirmed
from gateway.application.fire_clocks import fire_clocks
from shared.sop.model import Sop


def all_of(sop: Sop) -> tuple[Duty, ...]:
    """Return every duty of the gateway."""
    return clocks(sop), withdrawals(sop), statements(sop), overrides()


def clocks(sop: Sop) -> Duty:
    """Fire the clocks of referrals. The shortest is five minutes: a second late is in time."""

    def fulfil(desk: SqlDesk, referral_id: str) -> int:
        return len(fire_clocks(desk, referral_id, sop=sop))

    return Duty(
        name="clocks",
        every=1.0,
        moment=REFERRALS.c.next_clock_at,
        key=REFERRALS.c.referral_id,
        fulfil=fulfil,
        touches=[REFERRALS],
    )


def withdrawals(sop: Sop) -> Duty:
    """Escalate answers to a withdrawal that are late. The shortest limit is an hour."""

    def fulfil(desk: SqlDesk, key: str) -> int:
        return len(chase_hold(desk, key, sop=sop))

    return Duty(
        name="withdrawals", every=5.0, moment=HOLDS.c.next_limit_at, key=HOLDS.c.key, fulfil=fulfil, touches=[HOLDS]
    )


def statements(sop: Sop) -> Duty:
    """Say that a statement which was asked for has not come. Its time is counted in days."""

    def fulfil(desk: SqlDesk, request_id: str) -> int:
        return chase_statement(desk, request_id, sop=sop)

    row = STATEMENT_REQUESTS.c
    return Duty(
        name="statements", every=5.0, moment=row.warn_at, key=row.id, fulfil=fulfil, touches=[STATEMENT_REQUESTS]
    )


def overrides() -> Duty:
    """End access that no second person confirmed in time.

    Nothing depends on its being punctual: what has not been opened is refused from the very moment on, by the
    release itself.
    """
    return Duty(
        name="overrides",
        every=5.0,
        moment=OVERRIDES.c.ends_at,
        key=OVERRIDES.c.referral_id,
        fulfil=end_unconfirmed,
        touches=[OVERRIDES, REFERRALS],
    )
