"""What was agreed at a conference: actions with an owner and a day, sent sealed to their owners, who report them.

Minutes hold actions only. An action of another agency travels in a note on the referral that invited it; its report
comes back the same way. Each agency knows its own actions; who called the conference knows all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.agency.acting import Caller
from shared.agency.conference.calling import conference_here, refuse
from shared.agency.conference.messages import AgreedAction, MinutesRequest, ReportRequest
from shared.agency.noting import write_note
from shared.agency.ports import Desk, Look
from shared.agency.records import ActionState, Conference, ConferenceAction, Invitation, Letter, Note, Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.clocks import stop_clock
from shared.agency.sector.practice import Practice
from shared.consent.decision import ACCEPTED_STATES
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, NotFound
from shared.sop.calendar import day_in_viet_nam
from shared.sop.conference import INVITATION
from shared.sop.model import ClockPhase

_AGREED: Final = "Hội ý trường hợp: các việc được giao. / Case conference: the actions given to you."
_REPORTED: Final = "Hội ý trường hợp: kết quả các việc. / Case conference: what became of the actions."

_Sent = tuple[Letter, Note]


async def record_minutes(practice: Practice, caller: Caller, conference_id: str, request: MinutesRequest) -> Done:
    """Record what was agreed and send each agency its actions.

    Raises `NotFound` (`conference.unknown`), `Conflict` (`conference.held`) when there are minutes already, and
    `InputRejected` (`conference.action`, `conference.not-invited`, `conference.day`) with pointers.
    """
    conference, case = await conference_here(practice, conference_id, request.actor, caller.pseudonym)
    done = await practice.done_before(caller)
    if done is not None:
        return done
    act = Act(name="conference.minutes", actor=request.actor, referral_id=case.referral_id)
    invited = await practice.weigh(caller, act, lambda look: _checked(practice, look, conference_id, request))
    actions = [_action(practice, conference, one, invited) for one in request.actions]
    sent = [await _give(practice, referral, actions, actor=request.actor) for referral in _owners(invited, actions)]

    def work(desk: Desk) -> Outcome:
        now = desk.get(Conference, conference_id)
        if now is None or now.held_at is not None:
            raise Conflict("conference.held", "The minutes of this conference are recorded. Call another one.")
        for clock in practice.office.service(INVITATION).clocks:
            if clock.phase is ClockPhase.CONTACT:
                stop_clock(desk, conference_id, clock.id, at=request.held_at)
        desk.change(now, held_at=to_wire(request.held_at), attended=sorted(request.attended))
        for action in actions:
            desk.add(action)
        return Outcome(conference_id, _post(desk, sent))

    return await practice.perform(caller, act, work)


async def report_action(practice: Practice, caller: Caller, action_id: str, request: ReportRequest) -> Done:
    """Report what became of an action that this agency owns, to the agency that called the conference too.

    Raises `NotFound` (`conference.action-unknown`) and `Conflict` (`conference.reported`).
    """
    office = practice.office
    action = await practice.look(lambda look: look.get(ConferenceAction, action_id))
    if action is None or action.owner != office.agency_id:
        raise NotFound("conference.action-unknown", "Your agency owns no such action.")
    referral = await office.referral(action.referral_id, request.actor, caller.pseudonym)
    sent = []
    if action.given_by != office.agency_id:
        content = {"text": _REPORTED, "reports": [{"id": action_id, "state": request.state}]}
        sent.append(await write_note(office, referral, content, actor=request.actor))

    def work(desk: Desk) -> Outcome:
        now = desk.get(ConferenceAction, action_id)
        if now is None or now.state != ActionState.OPEN:
            raise Conflict("conference.reported", "This action was reported already.")
        desk.change(now, state=request.state, reported_at=to_wire(practice.now()))
        return Outcome(action_id, _post(desk, sent))

    act = Act(name="conference.report", actor=request.actor, referral_id=action.referral_id)
    return await practice.perform(caller, act, work)


def _who_comes(look: Look, conference_id: str) -> dict[str, Referral]:
    """Return the agencies that have accepted their invitation, each with the referral that invites it."""
    invitations = look.find(Invitation, conference_id=conference_id)
    referrals = [(one.agency, look.get(Referral, one.referral_id)) for one in invitations]
    return {agency: one for agency, one in referrals if one is not None and one.state in ACCEPTED_STATES}


def _checked(practice: Practice, look: Look, conference_id: str, request: MinutesRequest) -> dict[str, Referral]:
    """Return who comes, once the minutes name nobody else and agree on nothing that is no action."""
    invited = _who_comes(look, conference_id)
    here, rules = practice.office.agency_id, practice.office.sop.conference
    held_on = day_in_viet_nam(request.held_at)
    for place, agency in enumerate(request.attended):
        if agency != here and agency not in invited:
            refuse("conference.not-invited", f"/attended/{place}", "Name agencies that accepted their invitation.")
    for place, one in enumerate(request.actions):
        if one.kind not in rules.actions:
            refuse("conference.action", f"/actions/{place}/kind", "Choose an action of the procedure; see GET /v1/sop.")
        if one.owner != here and one.owner not in invited:
            refuse("conference.not-invited", f"/actions/{place}/owner", "Give actions to agencies that accepted.")
        if one.due_on < held_on:
            refuse("conference.day", f"/actions/{place}/due_on", "Name a day after the conference was held.")
    return invited


def _action(
    practice: Practice, conference: Conference, agreed: AgreedAction, invited: Mapping[str, Referral]
) -> ConferenceAction:
    by = invited.get(agreed.owner)
    return ConferenceAction(
        action_id=practice.new_id(),
        referral_id=conference.referral_id if by is None else by.referral_id,
        conference_id=conference.conference_id,
        given_by=practice.office.agency_id,
        owner=agreed.owner,
        kind=agreed.kind,
        due_on=agreed.due_on.isoformat(),
        state=ActionState.OPEN.value,
    )


def _owners(invited: Mapping[str, Referral], actions: Sequence[ConferenceAction]) -> list[Referral]:
    owners = {action.owner for action in actions}
    return [referral for agency, referral in sorted(invited.items()) if agency in owners]


async def _give(practice: Practice, referral: Referral, actions: Sequence[ConferenceAction], *, actor: str) -> _Sent:
    own = [one for one in actions if one.referral_id == referral.referral_id]
    listed = [{"id": one.action_id, "kind": one.kind, "due_on": one.due_on} for one in own]
    return await write_note(practice.office, referral, {"text": _AGREED, "actions": listed}, actor=actor)


def _post(desk: Desk, sent: Sequence[_Sent]) -> list[Letter]:
    for letter, note in sent:
        desk.add(note)
        desk.add(letter)
    return [letter for letter, _ in sent]


def keep_what_a_note_says(desk: Desk, referral: Referral, content: Mapping[str, Any], *, by: str, at: str) -> None:
    """Keep the actions that a note gives this agency, and what it reports of actions this agency gave.

    Looks only at invitations, and believes each side only what is its own to say.
    """
    if referral.service_type != INVITATION:
        return
    if by == referral.sender:
        for one in content.get("actions", ()):
            _receive(desk, referral, one)
    else:
        for one in content.get("reports", ()):
            _report(desk, referral, one, by=by, at=at)


def _receive(desk: Desk, referral: Referral, said: Mapping[str, Any]) -> None:
    if desk.get(ConferenceAction, said["id"]) is None:
        desk.add(
            ConferenceAction(
                action_id=said["id"],
                referral_id=referral.referral_id,
                conference_id=None,
                given_by=referral.sender,
                owner=referral.recipient,
                kind=said["kind"],
                due_on=said["due_on"],
                state=ActionState.OPEN.value,
            )
        )


def _report(desk: Desk, referral: Referral, said: Mapping[str, Any], *, by: str, at: str) -> None:
    action = desk.get(ConferenceAction, said["id"])
    own = action is not None and (action.owner, action.referral_id) == (by, referral.referral_id)
    if action is not None and own and action.state == ActionState.OPEN:
        desk.change(action, state=said["state"], reported_at=at)
