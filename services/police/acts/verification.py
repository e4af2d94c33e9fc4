"""Supporting the initial verification of trafficking: three days, led by the provincial health authority.

The lead is named with the record. What she needs comes first (R-13).
"""

from typing import Any, Final

from services.police.acts import at_latest_sent, heed, heed_times, start_duty
from services.police.acts.needs import require_needs_seen_to
from services.police.messages.verification import FindingRequest, VerificationRequest
from services.police.records import Verification
from services.police.rules.verification import wrongly_led
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import open_file, record_of
from shared.agency.sector.clocks import stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

VERIFIED: Final = frozenset({"POL-08"})
_THREE_DAYS: Final = ("POL-08", "VN-TR-03")


async def support_verification(
    practice: Practice, caller: Caller, referral_id: str, asked: VerificationRequest
) -> Done:
    """Begin to support a verification; its three days run. Raises `police.verification-lead`, `police.needs-first`."""
    verification_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, VERIFIED)
        if desk.find(Verification, referral_id=referral_id):
            raise practice.rulebook.refused("police.decided-already")
        heed(practice, wrongly_led(asked.lead.authority))
        heed_times(practice, ("/asked_at", asked.asked_at))
        require_needs_seen_to(practice.rulebook, desk, file.referral)
        desk.add(
            Verification(
                verification_id=verification_id,
                referral_id=referral_id,
                asked_at=to_wire(asked.asked_at),
                lead=asked.lead.authority,
                province=asked.lead.province,
                actor=asked.actor,
            )
        )
        since = at_latest_sent(file.referral, asked.asked_at)
        start_duty(practice, desk, file.referral, verification_id, _THREE_DAYS, since=since)
        return Outcome(verification_id)

    act = Act(name="police.support-verification", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def record_finding(
    practice: Practice, caller: Caller, referral_id: str, verification_id: str, asked: FindingRequest
) -> Done:
    """Record what the police contributed and what the lead found. Raises `police.verification-lead`."""

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, VERIFIED)
        verification = record_of(desk, Verification, verification_id, referral_id)
        if verification.found is not None:
            raise practice.rulebook.refused("police.decided-already")
        heed(practice, wrongly_led(asked.found_by))
        heed_times(practice, ("/asked_at", from_wire(verification.asked_at)), ("/found_at", asked.found_at))
        desk.change(
            verification,
            found=asked.found,
            found_at=to_wire(asked.found_at),
            parts=file.lock(f"verification/{verification_id}", list(asked.parts)),
        )
        stop_clock(desk, verification_id, _THREE_DAYS[1], at=asked.found_at)
        return Outcome(verification_id)

    act = Act(name="police.record-finding", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def shown_verification(_practice: Practice, look: Look, verification_id: str) -> dict[str, Any]:
    """Return a verification as its routes answer it."""
    one = look.get(Verification, verification_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": verification_id,
        "referral_id": one.referral_id,
        "asked_at": one.asked_at,
        "lead": {"authority": one.lead, "province": one.province},
        "found": one.found,
        "found_at": one.found_at,
    }
