"""Duties that were kept, missed, or fell away."""

from dataclasses import replace

import pytest

from gateway.domain.kept import Keeping, Move, duties_kept
from gateway.domain.referral import DueTime, Referral
from shared.kernel.clock import from_wire
from shared.sop.model import ClockPhase, ReferralState
from tests.support.clocked import a_referral

DUE = "2026-11-22T08:00:00.000Z"
BEFORE, AFTER = "2026-11-22T07:00:00.000Z", "2026-11-22T09:00:00.000Z"
MOMENTS = {"before": BEFORE, "after": AFTER, "on time": DUE}


@pytest.mark.parametrize(
    ("phase", "state", "when", "now", "expected"),
    [
        ("acknowledge", "acknowledged", "on time", AFTER, Keeping.KEPT),
        ("acknowledge", "acknowledged", "after", AFTER, Keeping.DONE_LATE),
        ("acknowledge", "declined", "before", AFTER, Keeping.KEPT),
        ("decide", "declined", "before", AFTER, Keeping.KEPT),
        ("decide", "acknowledged", "before", BEFORE, Keeping.OPEN),
        ("decide", "acknowledged", "before", AFTER, Keeping.OVERDUE),
        ("decide", "expired", "after", AFTER, Keeping.MISSED),
        ("decide", "cancelled", "before", AFTER, Keeping.FALLEN_AWAY),
        ("contact", "in_progress", "before", AFTER, Keeping.KEPT),
        ("contact", "unreached", "before", AFTER, Keeping.OVERDUE),
        ("complete", "completed", "after", AFTER, Keeping.DONE_LATE),
        ("complete", "failed", "before", AFTER, Keeping.FALLEN_AWAY),
        ("complete", "revoked", "after", AFTER, Keeping.MISSED),
    ],
)
def test_what_became_of_a_duty(phase: str, state: str, when: str, now: str, expected: Keeping) -> None:
    referral: Referral = replace(
        a_referral(received_at=from_wire(BEFORE)), due={ClockPhase(phase): DueTime(DUE, "rule")}
    )
    (duty,) = duties_kept(referral, [Move(MOMENTS[when], ReferralState(state))], now=now)
    assert duty.keeping is expected
    assert (duty.done_at is not None) == (expected in {Keeping.KEPT, Keeping.DONE_LATE})
