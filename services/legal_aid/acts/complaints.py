"""Complaints: whoever is complained of, or kept from the case, does not handle them (LEG-08, R-11)."""

from typing import Final

from services.legal_aid.acts.intake import require_taken
from services.legal_aid.acts.legal_file import details_of, place_of
from services.legal_aid.messages.complaints import ComplaintRequest
from services.legal_aid.records import Assignment, Complaint
from shared.agency.acting import Caller
from shared.agency.office import is_kept_from
from shared.agency.ports import Desk, Look
from shared.agency.records import ConflictRecord, Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, open_file
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire

COMPLAINING: Final = frozenset({"LEG-08"})


async def lodge(practice: Practice, caller: Caller, referral_id: str, request: ComplaintRequest) -> Done:
    """Record a complaint and who handles it.

    Raises `NotPermitted` (`legal-aid.own-body`) and `Conflict` (`legal-aid.kept-from-case`), both of R-11.
    """
    complaint_id, at = practice.new_id(), to_wire(practice.now())
    against = {"against_agency": request.against_agency, "against_person": request.against_person}

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, COMPLAINING)
        require_taken(practice, desk, referral_id)
        require_free(practice, desk, file.referral, request.handler, pointer="/handler")
        assigned = [one.assigned for one in desk.find(Assignment, referral_id=referral_id)][-1:]
        if request.against_agency == practice.office.agency_id:
            raise practice.rulebook.refused("legal-aid.own-body", pointer="/against_agency")
        if request.against_person in {request.handler, *assigned}:
            raise practice.rulebook.refused("legal-aid.own-body", pointer="/handler")
        content = file.lock(place_of(complaint_id), {"matter": request.matter, **against})
        desk.add(
            Complaint(
                complaint_id=complaint_id,
                referral_id=referral_id,
                at=at,
                actor=request.actor,
                handler=request.handler,
                content=content,
            )
        )
        return Outcome(complaint_id)

    act = Act(name="legal-aid.lodge-complaint", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def require_free(practice: Practice, look: Look, referral: Referral, person: str, *, pointer: str) -> None:
    """Refuse somebody from whom a case is kept, as blocked or since they declared a conflict.

    Raises `Conflict` (`legal-aid.kept-from-case`, R-11).
    """
    declared = [one.chain_id for one in look.find(ConflictRecord, actor=person)]
    if is_kept_from(referral, [person], declared=declared):
        raise practice.rulebook.refused("legal-aid.kept-from-case", pointer=pointer)


def require_not_complained_of(practice: Practice, look: Look, file: CaseFile, person: str, *, pointer: str) -> None:
    """Refuse somebody whom she complains of in this case. Raises `NotPermitted` (`legal-aid.own-body`, R-11)."""
    for one in look.find(Complaint, referral_id=file.referral.referral_id):
        if details_of(file, one.complaint_id, one.content)["against_person"] == person:
            raise practice.rulebook.refused("legal-aid.own-body", pointer=pointer)
