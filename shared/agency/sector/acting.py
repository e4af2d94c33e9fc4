"""An act of a sector's casework: done once, in one unit of work with its entry in the journal, as its refusal is.

Owns the order of things: an act that was done under the same `Idempotency-Key` is not done again; then the work; then
its entry. A refusal is written in a unit of work of its own, before the caller hears of it. An entry holds ids, codes
and pseudonyms, never a word about a person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.agency.acting import Caller, outcome_before, register
from shared.agency.office import Office
from shared.agency.ports import Desk, Reading
from shared.agency.records import ActRecord, Letter
from shared.kernel.errors import InternalFault, MeshError, PeerUnavailable
from shared.telemetry.logs import get_logger

DONE: Final = "done"
REFUSED: Final = "refused"

_log = get_logger("casework")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody is about to do: a code such as `police.assign-officer`, who, and about which referral."""

    name: str
    actor: str
    referral_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a unit of work has made: the record's id, and letters it has put on the desk to be sent."""

    target: str
    letters: Sequence[Letter] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was done, now or before."""

    target: str
    replayed: bool = False


async def perform(office: Office, caller: Caller, act: Act, work: Callable[[Desk], Outcome]) -> Done:
    """Do an act once and return what it made.

    `work` looks at everything it needs before it writes anything, and may run twice. Raises what `work` raises, and
    `NotFound` (`referral.unknown`) where the referral is not here or kept from who acts (R-11).
    """
    if act.referral_id is not None:
        await office.referral(act.referral_id, act.actor, caller.pseudonym)
    entry_id = office.scribe.new_id()

    def unit(desk: Desk) -> tuple[ActRecord, Sequence[Letter]]:
        before = outcome_before(office, desk, caller)
        known = None if before is None else desk.get(ActRecord, before)
        if known is not None:
            return known, ()
        outcome = work(desk)
        entry = _entry(office, caller, act, entry_id, outcome=DONE, target=outcome.target)
        desk.add(entry)
        register(office, desk, caller, outcome=entry_id)
        return entry, outcome.letters

    try:
        entry, letters = await office.store.write(unit)
    except (PeerUnavailable, InternalFault):
        raise
    except MeshError as refusal:
        await _refuse(office, caller, act, refusal)
        raise
    if letters:
        office.outbox.announce(list(letters))
    return Done(str(entry.target), replayed=entry.act_id != entry_id)


async def done_before(office: Office, caller: Caller) -> Done | None:
    """Return what this act has made already, before anything is weighed anew; None when it was not done.

    Raises `Conflict` (`idempotency.reused`).
    """

    def look(reading: Reading) -> ActRecord | None:
        known = outcome_before(office, reading, caller)
        return None if known is None else reading.get(ActRecord, known)

    entry = await office.store.read(look)
    return None if entry is None else Done(str(entry.target), replayed=True)


async def _refuse(office: Office, caller: Caller, act: Act, refusal: MeshError) -> None:
    rule = refusal.reasons[0].rule if refusal.reasons else None
    entry = _entry(office, caller, act, office.scribe.new_id(), outcome=REFUSED, code=refusal.code, rule=rule)
    await office.store.write(lambda desk: desk.add(entry))
    _log.info("casework.refused", code=refusal.code, rule=rule)


async def refused_act(office: Office, caller: Caller, act: Act, refusal: MeshError) -> MeshError:
    """Put a refusal that was decided outside a unit of work into the journal, and return it to be raised."""
    await _refuse(office, caller, act, refusal)
    return refusal


def _entry(
    office: Office,
    caller: Caller,
    act: Act,
    entry_id: str,
    *,
    outcome: str,
    target: str | None = None,
    code: str | None = None,
    rule: str | None = None,
) -> ActRecord:
    return ActRecord(
        act_id=entry_id,
        at=office.scribe.stamp(),
        act=act.name,
        client=caller.client_id,
        actor=act.actor,
        referral_id=act.referral_id,
        target=target,
        outcome=outcome,
        code=code,
        rule=rule,
    )
