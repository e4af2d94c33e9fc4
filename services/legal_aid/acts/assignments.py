"""Assigning who stands beside her: of the gender she chose, or with her own answer on record (R-01, R-11)."""

from services.legal_aid.acts.complaints import require_free, require_not_complained_of
from services.legal_aid.messages.assignments import AssignmentRequest
from services.legal_aid.records import Assignment
from services.legal_aid.rules.assignment import ANY, ASSIGN_BY, honours
from services.legal_aid.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.ports import Desk
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, open_file
from shared.agency.sector.clocks import stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire


async def assign(practice: Practice, caller: Caller, referral_id: str, request: AssignmentRequest) -> Done:
    """Assign a legal-aid person. An answer of hers that says no is no fault: the next person may be assigned (R-10).

    Raises `Conflict`: `legal-aid.gender-choice`, `legal-aid.kept-from-case`; and `NotPermitted` (`legal-aid.own-body`).
    """
    assignment_id, now = practice.new_id(), practice.now()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SERVICES, when=When.OPEN)
        wished = str(file.referral.preferences.get("staff_gender", ANY))
        if not honours(wished, request.staff_gender, request.answer):
            raise practice.rulebook.refused("legal-aid.gender-choice", pointer="/staff_gender")
        require_free(practice, desk, file.referral, request.assigned, pointer="/assigned")
        require_not_complained_of(practice, desk, file, request.assigned, pointer="/assigned")
        desk.add(
            Assignment(
                assignment_id=assignment_id,
                referral_id=referral_id,
                at=to_wire(now),
                actor=request.actor,
                assigned=request.assigned,
                staff_gender=request.staff_gender.value,
                answer=request.answer.value,
            )
        )
        for rule in ASSIGN_BY.values():
            stop_clock(desk, referral_id, rule, at=now)
        return Outcome(assignment_id)

    act = Act(name="legal-aid.assign", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)
