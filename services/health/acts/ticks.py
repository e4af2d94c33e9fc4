"""Her ticks for sensitive results, and what stays here without them (R-22)."""

from collections.abc import Sequence
from typing import Any, Final

from services.health.messages.ticks import TickRequest, TickTakenBackRequest
from services.health.records import Tick
from services.health.rules.ticks import RULE, unticked
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look, Reading
from shared.agency.reading import Visitor
from shared.agency.sector.acting import Act, Done, Outcome, refused_act
from shared.agency.sector.departures import Leaving, Stays
from shared.agency.sector.practice import Practice
from shared.agency.sector.rulebook import Rulebook
from shared.consent.grant import Consent
from shared.kernel.clock import to_wire
from shared.kernel.errors import NotFound
from shared.sop.model import Compartment

BEYOND: Final = "health.tick-beyond-consent"


async def tick(practice: Practice, caller: Caller, consent_id: str, asked: TickRequest) -> Done:
    """Record that results of a kind may leave for a recipient.

    Raises `NotFound` (`consent.unknown`) for a consent that is not known here or kept from who acts, and `Conflict`
    (`health.tick-beyond-consent`) where the consent does not let medical data go there: a tick widens nothing.
    """
    consent = await _consent(practice, consent_id, asked.actor, caller.pseudonym)
    act = Act(name="health.tick", actor=asked.actor)
    if not _carries_medical(consent, asked.recipient):
        raise await refused_act(practice.office, caller, act, practice.rulebook.refused(BEYOND, pointer="/recipient"))
    tick_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        given = {"consent_id": consent_id, "recipient": asked.recipient, "kind": asked.kind.value}
        desk.add(Tick(tick_id=tick_id, ticked_at=at, actor=asked.actor, **given))
        return Outcome(tick_id)

    return await practice.perform(caller, act, work)


async def untick(practice: Practice, caller: Caller, tick_id: str, asked: TickTakenBackRequest) -> Done:
    """Take a tick back; it counts at once. Raises `NotFound` (`record.unknown`, `consent.unknown`)."""
    known = await practice.look(lambda reading: reading.get(Tick, tick_id))
    if known is None:
        raise NotFound("record.unknown", "There is no such tick.")
    await _consent(practice, known.consent_id, asked.actor, caller.pseudonym)
    at = to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        found = desk.get(Tick, tick_id)
        if found is not None and found.taken_back_at is None:
            desk.change(found, taken_back_at=at)
        return Outcome(tick_id)

    return await practice.perform(caller, Act(name="health.untick", actor=asked.actor), work)


async def shown_ticks(practice: Practice, visitor: Visitor, consent_id: str) -> list[dict[str, Any]]:
    """Return the ticks under a consent, those that were taken back among them. Raises `NotFound`."""
    await _consent(practice, consent_id, visitor.actor, visitor.pseudonym)
    found = await practice.look(lambda reading: reading.find(Tick, consent_id=consent_id))
    return [_shown(one) for one in found]


def shown_tick(look: Reading, tick_id: str) -> dict[str, Any]:
    """Return a tick as its route answers it."""
    found = look.get(Tick, tick_id)
    assert found is not None  # noqa: S101 - the act that made or changed it named it
    return _shown(found)


def keep_unticked(leaving: Leaving, look: Look, rulebook: Rulebook) -> Sequence[Stays]:
    """Keep sensitive results here for which there is no tick of hers for this recipient (R-22)."""
    del rulebook
    medical = leaving.contents.get(Compartment.MEDICAL, {})
    ticks = [one for consent_id in leaving.consents for one in look.find(Tick, consent_id=consent_id)]
    ticked = {one.kind for one in ticks if one.recipient == leaving.recipient and one.taken_back_at is None}
    return [Stays(Compartment.MEDICAL, kind.value, RULE) for kind in unticked(medical, ticked)]


async def _consent(practice: Practice, consent_id: str, *who: str) -> Consent:
    office = practice.office
    if await office.consent_is_kept_from(consent_id, *who):
        raise _unknown()
    consent = await office.grants.consent(consent_id)
    if consent is None:
        raise _unknown()
    return consent


def _carries_medical(consent: Consent, recipient: str) -> bool:
    codes = {code for grant in consent.grants for code in grant.service_types}
    return any(Compartment.MEDICAL in consent.allowed(recipient, code) for code in codes)


def _unknown() -> NotFound:
    return NotFound("consent.unknown", "This agency knows no such consent.")


def _shown(one: Tick) -> dict[str, Any]:
    return {
        "id": one.tick_id,
        "consent_id": one.consent_id,
        "recipient": one.recipient,
        "kind": one.kind,
        "ticked_at": one.ticked_at,
        "actor": one.actor,
        "taken_back_at": one.taken_back_at,
    }
