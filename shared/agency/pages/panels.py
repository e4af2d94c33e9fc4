"""What a profession puts on a referral's page: its panels, declared as values by its service (`services/*/panels.py`).

A panel names its services, the registers of what is on record, the duties that have a clock, and the acts of the
profession. Nothing is decided here: an act is the function that the sector's route calls as well, with the same request
model, and a register is read as its route reads it. Promises that no panel is shown for a referral that was sent or
that is of another service.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from shared.agency.acting import Caller
from shared.agency.ports import Reading
from shared.agency.reading import Visitor
from shared.agency.records import Box, Referral
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire
from shared.kernel.errors import NotFound
from shared.pages.figures import moment
from shared.sop.model import Name

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class At:
    """Where an act is done: a referral, and the record it acts on where it acts on one."""

    referral: Referral
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to choose, and what people call it."""

    value: str
    says: Name


#: Does an act, as its route does.
Perform = Callable[[Practice, Caller, At, Any], Awaitable[Done]]
#: Reads a register, as its route does: the reading is on record.
Read = Callable[[Practice, Visitor, Referral], Awaitable[Sequence[Mapping[str, Any]]]]
#: Says what there is to choose from.
Offers = Callable[[Practice, At], Awaitable[Sequence[Choice]]]
#: Says what a field holds that nobody is asked.
Fill = Callable[[Practice, At], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAct:
    """One act. `services` are those its rules let it be done for, where they are fewer than its panel's.

    `until`: of the record it acts on, the field that is empty as long as it can be done. `offers` has for a field
    (dotted where it stands in another) what to choose from; for an open map its items. `colleagues` are fields that
    take somebody of this agency. `fills` are fields that nobody is asked, as the record says them.
    """

    slug: str
    title: Name
    request: type[BaseModel]
    perform: Perform
    services: frozenset[str] = frozenset()
    until: str = ""
    offers: Mapping[str, Offers] = field(default_factory=dict)
    fills: Mapping[str, Fill] = field(default_factory=dict)
    colleagues: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What is on record of one kind, as the log of readings names it (`slug`).

    `kinds` are counted without a reason, as no word about a person is in a number. `shows` is the model its route
    answers with, of which `hides` is for machines only; `acts` are done on one of its records.
    """

    slug: str
    title: Name
    kinds: Mapping[type[Any], Name]
    read: Read
    shows: type[BaseModel]
    acts: Sequence[PanelAct] = ()
    hides: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One part of a profession's work. `duties` are the rules whose clocks belong to it, with what is to be done."""

    slug: str
    title: Name
    services: frozenset[str]
    registers: Sequence[Register]
    acts: Sequence[PanelAct] = ()
    duties: Mapping[str, Name] = field(default_factory=dict)

    def is_for(self, referral: Referral) -> bool:
        """Say whether a referral has this panel."""
        return referral.box == Box.RECEIVED and referral.service_type in self.services

    def every_act(self) -> Sequence[PanelAct]:
        """Return its acts, those on a record among them."""
        return [*self.acts, *(act for register in self.registers for act in register.acts)]

    def act(self, slug: str) -> PanelAct:
        """Return an act. Raises `NotFound` (`route.unknown`)."""
        found = next((one for one in self.every_act() if one.slug == slug), None)
        if found is None:
            raise nothing_here()
        return found

    def acts_on_records(self, slug: str) -> bool:
        """Say whether an act needs a record to act on."""
        return all(one.slug != slug for one in self.acts)


@dataclass(frozen=True, slots=True)
class SectorPanels:
    """The panels of one service. `room` is the package that holds their words."""

    room: str
    panels: Sequence[Panel]

    def of(self, referral: Referral) -> Sequence[Panel]:
        """Return the panels of a referral."""
        return [one for one in self.panels if one.is_for(referral)]

    def one(self, slug: str, referral: Referral) -> Panel:
        """Return a panel of a referral. Raises `NotFound` (`route.unknown`)."""
        found = next((one for one in self.of(referral) if one.slug == slug), None)
        if found is None:
            raise nothing_here()
        return found

    def looked_at(self) -> Mapping[str, Name]:
        """Return what each register is called in the list of who looked."""
        return {one.slug: one.title for panel in self.panels for one in panel.registers}


NO_PANELS: Final = SectorPanels("", ())


def nothing_here() -> NotFound:
    """Return the refusal of an address that leads nowhere."""
    return NotFound("route.unknown", "There is nothing at this address.")


def on_case(act: Callable[[Practice, Caller, str, M], Awaitable[Done]]) -> Perform:
    """Return how an act of a case is done."""

    async def perform(practice: Practice, caller: Caller, at: At, request: M) -> Done:
        return await act(practice, caller, at.referral.referral_id, request)

    return perform


def on_record(act: Callable[[Practice, Caller, str, str, M], Awaitable[Done]]) -> Perform:
    """Return how an act on a record of a case is done."""

    async def perform(practice: Practice, caller: Caller, at: At, request: M) -> Done:
        return await act(practice, caller, at.referral.referral_id, at.record_id, request)

    return perform


def by_time(key: str, at: str) -> Choice:
    """Return the choice of a record that is known by its time: no word about a person."""
    told = from_wire(at)
    return Choice(key, Name(moment(told, "vi"), moment(told, "en")))


def visited(what: str, look: Callable[[Practice, Reading, str], Any]) -> Read:
    """Return how a register is read that is visited under this name: a list, one record, or nothing yet."""

    async def read(practice: Practice, visitor: Visitor, referral: Referral) -> Sequence[Mapping[str, Any]]:
        key = referral.referral_id
        found = await practice.visit(visitor, what, key, lambda reading: look(practice, reading, key))
        return rows_of(found)

    return read


def rows_of(found: Any) -> Sequence[Mapping[str, Any]]:
    """Return what was read as records: a list, one record, or nothing yet."""
    if found is None:
        return ()
    return (found,) if isinstance(found, Mapping) else tuple(found)
