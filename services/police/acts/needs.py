"""Checking what she needs before she is asked what happened (R-13)."""

from typing import Any, Final

from services.police.acts import unlocked
from services.police.messages.needs import NeedsCheckRequest
from services.police.records import NeedsCheck, needs_are_seen_to
from services.police.rules.needs import still_open
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, open_file
from shared.agency.sector.practice import Practice
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.clock import to_wire

#: The services in which the police may come to ask what happened.
ASKING: Final = frozenset({"POL-01", "POL-02", "POL-03", "POL-06", "POL-07", "POL-08", "POL-09"})


async def check_needs(practice: Practice, caller: Caller, referral_id: str, asked: NeedsCheckRequest) -> Done:
    """Record what she needs and how each need stands. Raises as `shared.agency.sector.casefile.open_file`."""
    check_id, at, answers = practice.new_id(), to_wire(practice.now()), asked.answers()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, ASKING, when=When.OPEN)
        content = file.lock(_place(check_id), answers)
        desk.add(
            NeedsCheck(
                check_id=check_id,
                referral_id=referral_id,
                checked_at=at,
                actor=asked.actor,
                settled=not still_open(answers),
                content=content,
            )
        )
        return Outcome(check_id)

    act = Act(name="police.check-needs", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def require_needs_seen_to(rulebook: Rulebook, look: Look, referral: Referral) -> None:
    """Refuse to ask her for a statement before her needs are seen to (R-13). Raises `police.needs-first`.

    What this service has checked counts; before it has, that the sender says it did.
    """
    if not needs_are_seen_to(look.find(NeedsCheck, referral_id=referral.referral_id), referral.facts):
        raise rulebook.refused("police.needs-first")


def shown_check(practice: Practice, look: Look, check_id: str) -> dict[str, Any]:
    """Return a check as its route answers it; without the answers once the referral was sealed off."""
    check = look.get(NeedsCheck, check_id)
    assert check is not None  # noqa: S101 - the act that made it named it
    return {
        "id": check_id,
        "referral_id": check.referral_id,
        "checked_at": check.checked_at,
        "actor": check.actor,
        "answers": unlocked(practice, look, check.referral_id, _place(check_id), check.content),
    }


def _place(check_id: str) -> str:
    return f"needs-check/{check_id}"
