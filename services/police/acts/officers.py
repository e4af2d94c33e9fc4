"""Assigning an officer to her, with the gender she chose (R-01) and nobody whom the case is kept from (R-11)."""

from collections.abc import Mapping
from typing import Any, Final

from services.police.acts import heed
from services.police.messages.officers import OfficerRequest
from services.police.records import Assignment, is_kept_away, latest_assignment
from services.police.rules.objections import Objection
from services.police.rules.officers import Gender, Honoured, honoured, wish_of
from services.police.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Holding, HoldingState, Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, open_file
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire
from shared.sop.model import Compartment

_WISH: Final = "staff_gender"


async def assign_officer(practice: Practice, caller: Caller, referral_id: str, asked: OfficerRequest) -> Done:
    """Assign an officer, or record that she said no to one. Raises `police.officer-gender`, `police.officer-kept`."""
    assignment_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SERVICES, when=When.OPEN)
        heed(practice, keeping_out(desk, file.referral, asked.officer, "/officer"))
        wanted = her_wish(desk, file)
        how = honoured(wanted, asked.gender, her_answer=asked.her_answer, alternative=asked.alternative)
        if isinstance(how, Objection):
            raise practice.rulebook.refused(how.code, pointer=how.pointer)
        desk.add(
            Assignment(
                assignment_id=assignment_id,
                referral_id=referral_id,
                assigned_at=at,
                actor=asked.actor,
                officer=asked.officer,
                gender=asked.gender,
                wanted=wanted,
                honoured=how,
                alternative=asked.alternative,
            )
        )
        return Outcome(assignment_id)

    act = Act(name="police.assign-officer", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def keeping_out(look: Look, referral: Referral, officer: str, pointer: str) -> list[Objection]:
    """Object to an officer whom the case is kept from: blocked by the sender, or after a declared conflict (R-11)."""
    return [Objection("police.officer-kept", pointer)] if is_kept_away(look, referral, officer) else []


def her_wish(look: Look, file: CaseFile) -> Gender | None:
    """Return the gender she chose: as the envelope says, else as her preferences say where they are open."""
    return wish_of(file.referral.preferences.get(_WISH), preferences_of(look, file).get(_WISH))


def preferences_of(look: Look, file: CaseFile) -> Mapping[str, Any]:
    """Return the content of her preferences; nothing while they are sealed."""
    found = look.find(Holding, referral_id=file.referral.referral_id, name=Compartment.PREFERENCES.value)
    opened = [one for one in found if one.content is not None and one.state == HoldingState.OPENED]
    return {} if not opened else dict(file.unlock(opened[0].name, opened[0].content or b""))


def require_assigned(practice: Practice, look: Look, referral: Referral, officer: str) -> None:
    """Refuse the work of an officer who is not the one assigned to her (R-01). Raises `police.officer-other`."""
    latest = latest_assignment(look.find(Assignment, referral_id=referral.referral_id))
    if latest is None or latest.officer != officer or latest.honoured == Honoured.REFUSED:
        raise practice.rulebook.refused("police.officer-other", pointer="/officer")


def shown_assignment(_practice: Practice, look: Look, assignment_id: str) -> Mapping[str, Any]:
    """Return an assignment as its route answers it."""
    one = look.get(Assignment, assignment_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": one.assignment_id,
        "referral_id": one.referral_id,
        "assigned_at": one.assigned_at,
        "actor": one.actor,
        "officer": one.officer,
        "gender": one.gender,
        "wanted": one.wanted,
        "honoured": one.honoured,
        "alternative": one.alternative,
    }
