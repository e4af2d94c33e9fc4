"""The lifecycle in plain words: what a caseworker says becomes a signed event.

Which step is possible when, and with which facts, is the procedure's table (fact sheet section 7.2); the gateway
holds it and its refusal comes back as it was.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from shared.agency.acting import Answer, Caller, post, replay
from shared.agency.noting import write_note
from shared.agency.office import Office
from shared.agency.ports import Desk
from shared.agency.records import Holding, Referral
from shared.agency.requests import NoteRequest, StepRequest, facts_of
from shared.agency.sector.acting import Act, refused_act
from shared.agency.sector.casefile import contact_of
from shared.agency.sector.guards import Step, guarded
from shared.agency.showing import summary
from shared.agency.weighing import SEALED, check_decision, destroy_held, held_of
from shared.kernel.errors import MeshError
from shared.sop.model import EventType
from shared.wire.facts import check_facts

#: Each verb of the API and the event it stands for.
VERBS: Final[Mapping[str, EventType]] = {
    "acknowledge": EventType.ACKNOWLEDGED,
    "accept": EventType.ACCEPTED,
    "decline": EventType.DECLINED,
    "request-info": EventType.INFO_REQUESTED,
    "provide-info": EventType.INFO_PROVIDED,
    "schedule": EventType.SCHEDULED,
    "start": EventType.STARTED,
    "attempt-contact": EventType.CONTACT_ATTEMPTED,
    "hold": EventType.ON_HOLD,
    "resume": EventType.RESUMED,
    "complete": EventType.COMPLETED,
    "fail": EventType.FAILED,
    "withdraw": EventType.WITHDRAWN,
    "close": EventType.CLOSED,
    "cancel": EventType.CANCELLED,
    "mark-error": EventType.ENTERED_IN_ERROR,
    "seal": EventType.SEALED,
}


async def take_step(office: Office, caller: Caller, referral_id: str, verb: str, request: StepRequest) -> Answer:
    """Report what happened to a referral. Raises what the gateway answers."""
    actor = request.actor or caller.pseudonym
    referral = await office.referral(referral_id, actor, caller.pseudonym)
    done = await replay(office, caller)
    if done is not None:
        return done
    event = VERBS[verb]
    check_facts(office.sop.event_facts, facts_of(request), pointer="")
    act = Act(name=f"step.{verb}", actor=actor, referral_id=referral_id)
    step = Step(
        event,
        referral,
        facts_of(request),
        at=request.at or office.clock.now(),
        contact=partial(contact_of, office, referral_id),
    )
    data = await _guarded(office, caller, act, step)
    held = await _put_aside(office, referral_id) if event is EventType.SEALED else ()
    if event is EventType.SEALED:
        check_decision(held, data)
    letter = office.scribe.event(
        event,
        referral_id=referral_id,
        recipient=referral.other(office.agency_id),
        actor=actor,
        at=request.at,
        data=data,
        presented={"referral": summary(referral, office.sop)},
    )
    doomed = frozenset(one.name for one in held) if data.get("result") == SEALED else frozenset[str]()

    def also(desk: Desk) -> None:
        destroy_held(desk, referral_id, doomed, vault=office.vault, at=office.scribe.stamp())

    return await post(office, caller, letter, also=also, expects=[(Referral, referral_id)])


async def _guarded(office: Office, caller: Caller, act: Act, step: Step) -> Mapping[str, Any]:
    """Return the facts of a step with what is on record; a refusal by a rule of the sector is in the journal."""
    guards = office.profile.guards
    try:
        return await office.store.read(lambda reading: guarded(guards, step, reading, office.rulebook))
    except MeshError as refusal:
        raise await refused_act(office, caller, act, refusal) from refusal


async def _put_aside(office: Office, referral_id: str) -> Sequence[Holding]:
    """Return what was taken back of a referral and waits for a decision, or is held by law."""
    return held_of(await office.store.read(lambda reading: reading.holdings(referral_id)))


async def send_note(office: Office, caller: Caller, referral_id: str, request: NoteRequest) -> Answer:
    """Write to the caseworker on the other side; the text is sealed for her and kept encrypted here."""
    actor = request.actor or caller.pseudonym
    referral = await office.referral(referral_id, actor, caller.pseudonym)
    done = await replay(office, caller)
    if done is not None:
        return done
    letter, note = await write_note(office, referral, {"text": request.text}, actor=actor)
    return await post(office, caller, letter, also=lambda desk: desk.add(note))
