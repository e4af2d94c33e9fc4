"""Calling a case conference, and inviting agencies to it.

An invitation is a referral of COO-01: the gateway decides on it as on every other, so each agency is shown what her
consent lets that agency see and nothing else. Without consent an agency is invited on a legal basis only while the
risk on record is high, which goes with the invitation (fact sheet sections 2.8, 4.4 and 6.6).
"""

from typing import Any, Final, NoReturn

from shared.agency.acting import Answer, Caller, replay
from shared.agency.conference.messages import ConferenceRequest, InvitationRequest
from shared.agency.ports import Desk, Look
from shared.agency.records import REFUSED, Box, Conference, Invitation, Referral
from shared.agency.referring import refer
from shared.agency.requests import ReferralRequest
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.clocks import start_clock
from shared.agency.sector.practice import Practice
from shared.consent.decision import ACCEPTED_STATES
from shared.consent.giving import GUARDIAN_UNSAFE
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, FieldFault, InputRejected, NotFound
from shared.sop.calendar import due_at
from shared.sop.conference import INVITATION
from shared.sop.model import ClockPhase
from shared.wire.parts import Preferences

_RISK_BAND: Final = "risk_band"


async def call_conference(practice: Practice, caller: Caller, request: ConferenceRequest) -> Done:
    """Call a conference about a case. Raises `InputRejected` (`conference.reason`), `Conflict` as `_check_at_work`."""
    office = practice.office
    if request.reason not in office.sop.conference.reasons:
        refuse("conference.reason", "/reason", "Give a reason of the procedure; see GET /v1/sop, conference.")
    conference_id, now = practice.new_id(), practice.now()
    clock = next(one for one in office.service(INVITATION).clocks if one.phase is ClockPhase.CONTACT)
    by = due_at(now, clock.amount, clock.unit)

    def work(desk: Desk) -> Outcome:
        _check_at_work(desk, request.referral_id)
        start_clock(desk, request.referral_id, conference_id, clock.id, started_at=now, due_at=by)
        desk.add(
            Conference(
                conference_id=conference_id,
                referral_id=request.referral_id,
                reason=request.reason,
                called_at=to_wire(now),
                called_by=request.actor,
                convene_by=to_wire(by),
            )
        )
        return Outcome(conference_id)

    act = Act(name="conference.call", actor=request.actor, referral_id=request.referral_id)
    return await practice.perform(caller, act, work)


async def invite(practice: Practice, caller: Caller, conference_id: str, request: InvitationRequest) -> Answer:
    """Invite an agency: refer her to it for this conference alone. Raises as `shared.agency.referring.refer`.

    Raises `NotFound` (`conference.unknown`) and `Conflict` (`conference.held`, `conference.invited`).
    """
    office = practice.office
    conference, case = await conference_here(practice, conference_id, request.actor, caller.pseudonym)
    done = await replay(office, caller)
    if done is not None:
        return done
    act = Act(name="conference.invite", actor=request.actor, referral_id=case.referral_id)
    await practice.weigh(caller, act, lambda look: _check_open(look, conference, request.agency))

    def invited(desk: Desk, referral: Referral) -> None:
        desk.add(
            Invitation(
                referral_id=referral.referral_id,
                conference_id=conference_id,
                agency=referral.recipient,
                invited_at=referral.sent_at,
            )
        )

    return await refer(office, caller, _referral(case, request), also=invited)


async def conference_here(practice: Practice, conference_id: str, *who: str) -> tuple[Conference, Referral]:
    """Return a conference and its case.

    Raises `NotFound` (`conference.unknown`), also for anybody that the case is kept from (R-11).
    """
    conference = await practice.look(lambda look: look.get(Conference, conference_id))
    if conference is None:
        raise unknown()
    try:
        return conference, await practice.office.referral(conference.referral_id, *who)
    except NotFound as fault:
        raise unknown() from fault


def unknown() -> NotFound:
    """Return the refusal of a conference that is not here, or is kept from who asks (R-11)."""
    return NotFound("conference.unknown", "This agency has called no such conference.")


def refuse(code: str, pointer: str, message: str) -> NoReturn:
    """Refuse a place of the input."""
    raise InputRejected(code, message, faults=(FieldFault(pointer, code, message),))


def _referral(case: Referral, request: InvitationRequest) -> ReferralRequest:
    """Return the referral that invites: onward from the case, so that whom it is kept from is kept from this too.

    It is about the same person, whatever consent it rests on: how she wants to be met goes with her.
    """
    return ReferralRequest.model_validate(
        {
            "service_type": INVITATION,
            "recipient": request.agency,
            "consent_id": request.consent_id,
            "basis": request.basis,
            "compartments": request.compartments,
            "preferences": Preferences.model_validate(case.preferences),
            "facts": _facts(case, request),
            "area": request.area or case.area,
            "parent_id": case.referral_id,
            "subject": case.subject if request.consent_id is None else None,
            "incident_at": case.incident_at,
            "age_band": case.age_band,
            "actor": request.actor,
            "strict": request.strict,
        }
    )


def _facts(case: Referral, request: InvitationRequest) -> dict[str, Any]:
    """Return the facts of an invitation: her risk as it stands now, and for good that a caregiver of hers is unsafe."""
    known = {_RISK_BAND: case.facts[_RISK_BAND]} if _RISK_BAND in case.facts else {}
    unsafe = {GUARDIAN_UNSAFE: True} if case.facts.get(GUARDIAN_UNSAFE) is True else {}
    return {**known, **request.facts, **unsafe}


def _check_at_work(look: Look, referral_id: str) -> None:
    """Check that this agency works on the case: it sent the referral, or accepted it."""
    referral = look.get(Referral, referral_id)
    if referral is None:
        raise NotFound("referral.unknown", "This agency has neither sent nor received such a referral.")
    if referral.wrapped_key is None:
        raise Conflict("referral.over", "This case was sealed off here; nobody confers about it.")
    if referral.box == Box.RECEIVED and referral.state not in ACCEPTED_STATES:
        raise Conflict("referral.not-accepted", "Accept the referral first; then call the conference.")


def _check_open(look: Look, conference: Conference, agency: str) -> None:
    if conference.held_at is not None:
        raise Conflict("conference.held", "This conference was held. Call another one to invite more.")
    sent = [
        look.get(Referral, one.referral_id)
        for one in look.find(Invitation, conference_id=conference.conference_id)
        if one.agency == agency
    ]
    if any(one is None or one.state != REFUSED for one in sent):  # what the gateway refused has reached nobody
        raise Conflict("conference.invited", "This agency is invited already; see the referral that invites it.")
