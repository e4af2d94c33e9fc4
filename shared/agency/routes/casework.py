"""Routes of the casework that all sectors have alike: the clocks of a case, and the journal of what was done in it."""

from typing import Annotated

from fastapi import APIRouter

from shared.agency.reading import Visitor
from shared.agency.records import ActRecord
from shared.agency.routes.answers import ActsV1, SectorClocksV1
from shared.agency.routes.callers import HANDLE, SEND, Id
from shared.agency.sector.clocks import clocks_of, shown_clocks
from shared.agency.sector.practice import Practice


def casework_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["casework"])
    doors, office = practice.doors, practice.office

    @router.get("/v1/referrals/{id}/clocks", summary="The clocks of a case, live: what is due first on top")
    async def read_clocks(id: Id, visitor: Annotated[Visitor, doors.looking(SEND, HANDLE)]) -> SectorClocksV1:
        await office.referral(id, visitor.actor, visitor.pseudonym)
        clocks = await practice.look(lambda reading: clocks_of(reading, id))
        shown = shown_clocks(clocks, practice.rulebook, at=practice.now())
        return SectorClocksV1.model_validate({"items": shown})

    @router.get("/v1/referrals/{id}/acts", summary="What was done in a case and what was refused, by which rule")
    async def read_acts(id: Id, visitor: Annotated[Visitor, doors.visiting(SEND, HANDLE)]) -> ActsV1:
        acts = await practice.visit(visitor, "acts", id, lambda reading: reading.find(ActRecord, referral_id=id))
        return ActsV1.model_validate({"items": [_shown(act) for act in acts]})

    return router


def _shown(act: ActRecord) -> dict[str, str | None]:
    return {
        "id": act.act_id,
        "at": act.at,
        "act": act.act,
        "actor": act.actor,
        "target": act.target,
        "outcome": act.outcome,
        "code": act.code,
        "rule": act.rule,
    }
