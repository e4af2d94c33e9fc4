"""Reading a case: what may be seen is opened when it is asked for, and every reading is on record first.

Follows rule R-24 (every view is explainable) and wire sections 4 and 7: compartments of stage `accepted` are opened
lazily, by a signed `opening` that names who reads and why; the gateway decides on each one live. What it refuses is
shown with its code. Whom the case is kept from (R-11) does not learn that it exists.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from weakref import WeakValueDictionary

from shared.agency.office import Office, is_kept_from
from shared.agency.ports import Label, Reading, ReferralFilter
from shared.agency.profile import Worklist
from shared.agency.records import Box, Happening, Holding, HoldingState, Note, Referral, Reroute, Visit
from shared.agency.showing import detail, reroute_shown, summary, warning
from shared.agency.vault import note_place
from shared.agency.weighing import HOLD_REASON
from shared.agency.working import Place, open_here
from shared.consent.decision import ACCEPTED_STATES
from shared.sop.model import Compartment, Stage

#: Shown for a compartment that could not be asked for because the gateway is away.
AWAY: Final = "peer.unreachable"
UNSTATED: Final = "unstated"
#: What a look at a referral without its contents is called, and how long one entry in the journal stands for it.
OUTLINE: Final = "outline"
_ONE_LOOK: Final = timedelta(minutes=5)
#: So many looks are remembered; after that each is on record again.
_LOOKS_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who reads, and why (a code). `box`: its token is for what was sent alone, or for what was received."""

    client_id: str
    actor: str
    pseudonym: str
    reason: str | None = None
    box: str | None = None


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """Some referrals, and the place of the last one when more may follow."""

    items: Sequence[dict[str, Any]]
    last: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class _Case:
    referral: Referral
    holdings: Sequence[Holding]
    happenings: Sequence[Happening]
    linked: Sequence[Referral]
    reroute: Reroute | None


class CaseReader:
    """Opens and shows referrals; one opening of a referral at a time."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._opening: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._asked: dict[tuple[str, str], str] = {}
        self._looked: dict[tuple[str, str], datetime] = {}

    async def listed(self, visitor: Visitor, wanted: ReferralFilter) -> "ReferralPage":
        """Return a page of referrals without a word about a person; those kept from the visitor are left out.

        The page is as full as if they were not there: a gap would tell that they are.
        """
        seen: Sequence[Label] = ()
        if visitor.box is None or wanted.box in {None, visitor.box}:
            inside = replace(wanted, box=wanted.box or visitor.box)
            seen = await self._office.store.read(lambda reading: seen_by(reading, visitor, inside))
        await self._log(visitor, "list", None)
        last = (seen[-1].referral_id,) if len(seen) == wanted.limit else None
        return ReferralPage([summary(one, self._office.sop) for one in seen], last)

    async def worklist(
        self, visitor: Visitor, worklist: Worklist, *, after: Place | None, limit: int
    ) -> "ReferralPage":
        """Return a page of what is open on a worklist, what is due first by its duty first; else as `listed`."""

        def look(reading: Reading) -> tuple[Sequence[Place], Sequence[Referral]]:
            unseen = reading.work.unseen([visitor.actor, visitor.pseudonym])
            wanted = replace(open_here(unseen=unseen), services=worklist.services, limit=limit)
            places = reading.work.by_duty(wanted, worklist.by, after=after)
            return places, reading.many(Referral, [one.referral_id for one in places])

        places, referrals = await self._office.store.read(look)
        await self._log(visitor, "list", None)
        shown = {one.referral_id: summary(one, self._office.sop) for one in referrals}
        last = places[-1] if len(places) == limit else None
        return ReferralPage([shown[one.referral_id] for one in places], last)

    async def shown(self, visitor: Visitor, referral_id: str, wanted: Collection[Compartment] | None) -> dict[str, Any]:
        """Return one referral with its history and the content of the compartments that may be seen now.

        `wanted` limits what is opened and shown; None is all. Raises `NotFound`.
        """
        await self._office.referral(referral_id, visitor.actor, visitor.pseudonym)
        lock = self._opening.setdefault(referral_id, asyncio.Lock())
        async with lock:
            away = await self._open(visitor, referral_id, wanted)
        case = await self._office.store.read(lambda reading: _case(reading, referral_id))
        shown = [one for one in case.holdings if wanted is None or one.name in wanted]
        read = [one.name for one in shown if _may_read(one, visitor.reason)]
        await self._log(visitor, "referral", referral_id, compartments=read)
        content = [self._compartment(case.referral, one, away=away, reason=visitor.reason) for one in shown]
        return {**self._face(case, visitor), "compartments": content}

    async def outline(self, visitor: Visitor, referral_id: str) -> dict[str, Any]:
        """Return one referral with its history and how its compartments stand; nothing is opened, no content shown.

        A page that renews itself is one look: it is on record again after some minutes. Raises `NotFound`.
        """
        await self._office.referral(referral_id, visitor.actor, visitor.pseudonym)
        await self._log_outline(visitor, referral_id)
        case = await self._office.store.read(lambda reading: _case(reading, referral_id))
        outlined = [_outlined(case.referral, one) for one in case.holdings]
        return {**self._face(case, visitor), "compartments": outlined}

    async def notes(self, visitor: Visitor, referral_id: str) -> Sequence[dict[str, Any]]:
        """Return the notes of a referral, oldest first. Raises `NotFound`."""
        referral = await self._office.referral(referral_id, visitor.actor, visitor.pseudonym)
        notes = await self._office.store.read(lambda reading: reading.notes(referral_id))
        await self._log(visitor, "notes", referral_id, compartments=[Compartment.NOTE.value])
        return [self._note(referral, note) for note in notes]

    async def chain(self, visitor: Visitor, referral_id: str) -> Mapping[str, Any]:
        """Return the chain of a referral as far as this agency may see it, with the ledger's proofs."""
        referral = await self._office.referral(referral_id, visitor.actor, visitor.pseudonym)
        await self._log(visitor, "chain", referral_id)
        chain: Mapping[str, Any] = await self._office.hub.get(f"/v1/chains/{referral.chain_id}")
        return chain

    def _face(self, case: _Case, visitor: Visitor) -> dict[str, Any]:
        return {
            **detail(case.referral, case.happenings, self._office.sop),
            "linked": [one.referral_id for one in case.linked if not _is_kept_from(one, visitor)],
            "warning": warning(case.referral, self._office.sop),
            "reroute": reroute_shown(case.reroute, self._office.sop),
        }

    def visit(self, visitor: Visitor, what: str, target: str | None, *, compartments: Sequence[str] = ()) -> Visit:
        """Return the record of a reading."""
        office = self._office
        return Visit(
            visit_id=office.scribe.new_id(),
            at=office.scribe.stamp(),
            client=visitor.client_id,
            actor=visitor.actor,
            reason=visitor.reason,
            what=what,
            target=target,
            compartments=list(compartments),
        )

    async def _log(self, visitor: Visitor, what: str, target: str | None, *, compartments: Sequence[str] = ()) -> None:
        visit = self.visit(visitor, what, target, compartments=compartments)
        await self._office.store.write(lambda desk: desk.add(visit))

    async def _log_outline(self, visitor: Visitor, referral_id: str) -> None:
        now, look = self._office.clock.now(), (referral_id, visitor.actor)
        if look in self._looked and now - self._looked[look] < _ONE_LOOK:
            return
        if len(self._looked) >= _LOOKS_MOST:
            self._looked.clear()
        await self._log(visitor, OUTLINE, referral_id)
        self._looked[look] = now

    async def _open(self, visitor: Visitor, referral_id: str, wanted: Collection[Compartment] | None) -> bool:
        """Ask for the halves of what is still sealed; return whether the gateway was away."""
        office = self._office
        case = await office.store.read(lambda reading: _case(reading, referral_id))
        names = [one.name for one in case.holdings if _may_ask(case.referral, one, wanted)]
        if not names:
            return False
        asked = (referral_id, visitor.actor)  # each in their own name: one may be refused what another is given
        message_id = self._asked.get(asked)
        if message_id is None:
            message_id = self._asked[asked] = await self._ask(visitor, referral_id, names)
        answered = await office.outbox.outcome(message_id, within=office.answer_within)
        if answered is not None:
            del self._asked[asked]
        return answered is None

    async def _ask(self, visitor: Visitor, referral_id: str, names: Sequence[str]) -> str:
        office = self._office
        reason = visitor.reason or UNSTATED
        letter = office.scribe.opening(referral_id, names, actor=visitor.actor, reason=reason)
        await office.store.write(lambda desk: desk.add(letter))
        office.outbox.announce([letter])
        return letter.message_id

    def _compartment(self, referral: Referral, holding: Holding, *, away: bool, reason: str | None) -> dict[str, Any]:
        shown: dict[str, Any] = {"name": holding.name, "stage": holding.stage, "state": holding.state}
        if holding.content is not None and referral.wrapped_key is not None and _may_read(holding, reason):
            case = self._office.vault.open_referral(referral.referral_id, referral.wrapped_key)
            return {**shown, "content": case.unlock(holding.name, holding.content)}
        code = AWAY if away and holding.state == HoldingState.SEALED else holding.code
        return {**shown, "code": code} if code is not None else shown

    def _note(self, referral: Referral, note: Note) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": note.message_id, "by": note.by, "at": note.at}
        if referral.wrapped_key is None:
            return shown
        case = self._office.vault.open_referral(referral.referral_id, referral.wrapped_key)
        return {**shown, **case.unlock(note_place(note.message_id), note.content)}


def _is_kept_from(referral: Referral | Label, visitor: Visitor, declared: Collection[str] = ()) -> bool:
    return is_kept_from(referral, (visitor.actor, visitor.pseudonym), declared=declared)


def seen_by(reading: Reading, visitor: Visitor, wanted: ReferralFilter) -> Sequence[Label]:
    """Return a full page of what the visitor may see, or all that is left: nothing tells that something is left out."""
    declared = reading.declared_by((visitor.actor, visitor.pseudonym))
    seen: list[Label] = []
    after = wanted.after
    while len(seen) < wanted.limit:
        found = reading.labels(replace(wanted, after=after))
        seen += [one for one in found if not _is_kept_from(one, visitor, declared)]
        if len(found) < wanted.limit:
            break
        after = found[-1].referral_id
    return seen[: wanted.limit]


def _case(reading: Reading, referral_id: str) -> _Case:
    referral = reading.get(Referral, referral_id)
    assert referral is not None  # noqa: S101 - referrals are never deleted, and this one was found
    linked = reading.referrals(ReferralFilter(linked_id=referral_id))
    reroute = reading.get(Reroute, referral_id) if referral.box == Box.SENT else None
    return _Case(referral, reading.holdings(referral_id), reading.happenings(referral_id), linked, reroute)


def _outlined(referral: Referral, holding: Holding) -> dict[str, Any]:
    """Return how a compartment stands, and whether it could be opened or read now."""
    open_now = _may_read(holding, HOLD_REASON) or _may_ask(referral, holding, None)
    shown = {"name": holding.name, "stage": holding.stage, "state": holding.state, "code": holding.code}
    return {**shown, "may_be_read": open_now}


def _may_read(holding: Holding, reason: str | None) -> bool:
    """Say whether content is shown: what was opened; what a law makes this agency keep, only for that reason."""
    if holding.state == HoldingState.HELD:
        return holding.code is None and reason == HOLD_REASON
    return holding.state == HoldingState.OPENED


def _may_ask(referral: Referral, holding: Holding, wanted: Collection[Compartment] | None) -> bool:
    if referral.box != Box.RECEIVED or holding.state != HoldingState.SEALED or holding.ciphertext is None:
        return False
    if wanted is not None and holding.name not in wanted:
        return False
    return holding.stage == Stage.TRIAGE or referral.state in ACCEPTED_STATES
