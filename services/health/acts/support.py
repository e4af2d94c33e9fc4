"""Giving first-line support, and recording that it was given as it must be."""

from typing import Any, Final

from services.health.messages.support import SupportRequest
from services.health.records import FirstLineSupport
from services.health.rules.support import wrong_setting
from services.health.rules.windows import TIME_AHEAD
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Reading
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, file_to_read, open_file
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire

#: Everybody who comes here is supported, whatever she came for.
SUPPORTING: Final = frozenset(f"HEA-{number:02d}" for number in range(1, 10))


async def support(practice: Practice, caller: Caller, referral_id: str, talk: SupportRequest) -> Done:
    """Record first-line support. Raises as `open_file`; refuses a talk that was not private, or limits told late."""
    support_id, now = practice.new_id(), practice.now()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SUPPORTING, when=When.OPEN)
        if talk.began_at > now:
            raise practice.rulebook.refused(TIME_AHEAD, pointer="/began_at")
        refusal = wrong_setting(
            private_room=talk.private_room,
            present=talk.present,
            limits_told_at=talk.limits_told_at,
            began_at=talk.began_at,
        )
        if refusal is not None:
            raise practice.rulebook.refused(refusal)
        said = {
            "limits_told_at": to_wire(talk.limits_told_at),
            "present": sorted(talk.present),
            "items": {item.value: given.value for item, given in talk.items().items()},
        }
        desk.add(
            FirstLineSupport(
                support_id=support_id,
                referral_id=referral_id,
                began_at=to_wire(talk.began_at),
                actor=talk.actor,
                content=file.lock(_place(support_id), said),
            )
        )
        return Outcome(support_id)

    return await practice.perform(caller, Act(name="health.support", actor=talk.actor, referral_id=referral_id), work)


def shown_supports(practice: Practice, look: Reading, referral_id: str) -> list[dict[str, Any]]:
    """Return the first-line support of a case, oldest first; without what was done once it was sealed off."""
    file = file_to_read(practice.office, look, referral_id)
    return [
        {
            "id": one.support_id,
            "began_at": one.began_at,
            "actor": one.actor,
            **({} if file is None else file.unlock(_place(one.support_id), one.content)),
        }
        for one in look.find(FirstLineSupport, referral_id=referral_id)
    ]


def _place(support_id: str) -> str:
    return f"first-line-support/{support_id}"
