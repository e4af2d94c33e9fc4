"""Claims for compensation: heads and amounts, and how far they have come."""

from typing import Final

from services.legal_aid.acts.intake import require_taken
from services.legal_aid.acts.legal_file import details_of, place_of
from services.legal_aid.messages.claims import ClaimRequest, ClaimStepRequest
from services.legal_aid.records import Claim
from services.legal_aid.rules.claims import ClaimState, may_become
from shared.agency.acting import Caller
from shared.agency.ports import Desk
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import open_file, record_of
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire

CLAIMING: Final = frozenset({"LEG-02", "LEG-05"})


async def claim(practice: Practice, caller: Caller, referral_id: str, request: ClaimRequest) -> Done:
    """Record what is claimed. Raises `Conflict` as `require_taken`."""
    claim_id, at = practice.new_id(), to_wire(practice.now())
    heads = [{"head": one.head, "claimed_vnd": one.amount_vnd} for one in request.heads]

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, CLAIMING)
        require_taken(practice, desk, referral_id)
        desk.add(
            Claim(
                claim_id=claim_id,
                referral_id=referral_id,
                at=at,
                actor=request.actor,
                way=request.way.value,
                state=ClaimState.PREPARED.value,
                content=file.lock(place_of(claim_id), {"heads": heads, "awarded_vnd": None}),
            )
        )
        return Outcome(claim_id)

    act = Act(name="legal-aid.claim", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def take_claim_on(
    practice: Practice, caller: Caller, referral_id: str, claim_id: str, request: ClaimStepRequest
) -> Done:
    """Record the next step of a claim. Raises `Conflict` (`legal-aid.claim-step`) for one that cannot follow."""

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, CLAIMING)
        known = record_of(desk, Claim, claim_id, referral_id)
        if not may_become(ClaimState(known.state), request.state):
            raise practice.rulebook.refused("legal-aid.claim-step", pointer="/state")
        details = details_of(file, claim_id, known.content)
        if request.awarded_vnd is not None:
            details["awarded_vnd"] = request.awarded_vnd
        desk.change(known, state=request.state.value, content=file.lock(place_of(claim_id), details))
        return Outcome(claim_id)

    act = Act(name="legal-aid.take-claim-on", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)
