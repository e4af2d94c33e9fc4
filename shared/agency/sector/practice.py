"""What a sector's routes and acts are given: the agency at work, its rules, its doors, and its one way of acting."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from fastapi import Response

from shared.agency.acting import Caller
from shared.agency.office import Office
from shared.agency.ports import Desk, Reading
from shared.agency.reading import CaseReader, Visitor
from shared.agency.routes.callers import Doorkeeper
from shared.agency.sector.acting import Act, Done, Outcome, done_before, perform, refused_act
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.errors import MeshError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """One profession at work."""

    office: Office
    reader: CaseReader
    doors: Doorkeeper

    @property
    def rulebook(self) -> Rulebook:
        """The rules of this sector."""
        return self.office.rulebook

    def now(self) -> datetime:
        """Return the present moment."""
        return self.office.clock.now()

    def new_id(self) -> str:
        """Return the id of a new record."""
        return self.office.scribe.new_id()

    async def perform(self, caller: Caller, act: Act, work: Callable[[Desk], Outcome]) -> Done:
        """Do an act once, with its entry in the journal; see `shared.agency.sector.acting.perform`."""
        return await perform(self.office, caller, act, work)

    async def done_before(self, caller: Caller) -> Done | None:
        """Return what an act has made already; see `shared.agency.sector.acting.done_before`."""
        return await done_before(self.office, caller)

    async def weigh(self, caller: Caller, act: Act, check: Callable[[Reading], T]) -> T:
        """Look whether an act may be done that prepares something before its unit of work.

        A refusal is in the journal, as one of the unit itself is. Raises what `check` raises.
        """
        try:
            return await self.office.store.read(check)
        except MeshError as refusal:
            raise await refused_act(self.office, caller, act, refusal) from refusal

    async def look(self, look: Callable[[Reading], T]) -> T:
        """Look at the records without a word about a person: no reading is logged."""
        return await self.office.store.read(look)

    async def told(self, done: Done, response: Response, show: Callable[[Reading], T]) -> T:
        """Return what an act made, as it stands now; an act that was done before is marked as such."""
        if done.replayed:
            response.headers["Idempotent-Replayed"] = "true"
        return await self.office.store.read(show)

    async def visit(self, visitor: Visitor, what: str, referral_id: str, look: Callable[[Reading], T]) -> T:
        """Look at what is kept about a person of one referral; the reading is on record first (R-24).

        Raises `NotFound` (`referral.unknown`) where the referral is not here or kept from the visitor (R-11).
        """
        await self.office.referral(referral_id, visitor.actor, visitor.pseudonym)
        reading = self.reader.visit(visitor, what, referral_id)
        await self.office.store.write(lambda desk: desk.add(reading))
        return await self.office.store.read(look)
