"""Sitting down with her: who is there, what is checked before it begins, and how it went.

Needs come first (R-13), the officer is the one assigned to her (R-01), somebody of her choice may be there (R-06),
no relative interprets (R-05), a statement that exists is not asked for again (R-02), and people under 18 are not worn
out (R-27). Who was there and how it went is encrypted under her referral's key.
"""

from typing import Any, Final

from services.police.acts import heed, heed_times, unlocked
from services.police.acts.needs import ASKING, require_needs_seen_to
from services.police.acts.officers import keeping_out, preferences_of, require_assigned
from services.police.messages.interviews import EndingRequest, InterviewRequest
from services.police.records import Interview, Statement
from services.police.rules.checklist import unanswered
from services.police.rules.interviews import Wishes, is_child, told_before, too_hard_on_a_child, unaccompanied
from services.police.rules.interviews import unfit_interpreter as unfit
from services.police.rules.officers import wish_of
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, open_file, record_of
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

CHILD_RULE: Final = "VN-CR-04"


async def begin_interview(practice: Practice, caller: Caller, referral_id: str, asked: InterviewRequest) -> Done:
    """Begin a session. Raises what a rule objects to; a session under 18 starts a clock."""
    interview_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, ASKING)
        _check(practice, desk, file, asked)
        referral = file.referral
        desk.add(
            Interview(
                interview_id=interview_id,
                referral_id=referral_id,
                chain_id=referral.chain_id,
                subject=referral.subject,
                started_at=to_wire(asked.started_at),
                officer=asked.officer,
                actor=asked.actor,
                joint=bool(asked.joint_with),
                content=file.lock(_place(interview_id), asked.model_dump(mode="json")),
            )
        )
        if is_child(referral.age_band):
            due = practice.rulebook.due(CHILD_RULE, asked.started_at)
            start_clock(desk, referral_id, interview_id, CHILD_RULE, started_at=asked.started_at, due_at=due)
        return Outcome(interview_id)

    act = Act(name="police.begin-interview", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def end_interview(
    practice: Practice, caller: Caller, referral_id: str, interview_id: str, asked: EndingRequest
) -> Done:
    """End a session with its checklist. Raises `police.checklist`, `police.interview-ended`, `police.times`."""

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, ASKING)
        interview = record_of(desk, Interview, interview_id, referral_id)
        if interview.ended_at is not None:
            raise practice.rulebook.refused("police.interview-ended")
        heed_times(practice, ("/started_at", from_wire(interview.started_at)), ("/ended_at", asked.ended_at))
        heed(practice, unanswered(asked.checklist))
        desk.change(
            interview,
            ended_at=to_wire(asked.ended_at),
            ending=asked.ending,
            checklist=file.lock(_checklist_place(interview_id), asked.checklist),
        )
        stop_clock(desk, interview_id, CHILD_RULE, at=asked.ended_at)
        return Outcome(interview_id)

    act = Act(name="police.end-interview", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def _check(practice: Practice, desk: Desk, file: CaseFile, asked: InterviewRequest) -> None:
    """Ask every rule before she is asked anything (R-13, R-01, R-11, R-02, R-06, R-05, R-27)."""
    heed_times(practice, ("/started_at", asked.started_at))
    require_needs_seen_to(practice.rulebook, desk, file.referral)
    require_assigned(practice, desk, file.referral, asked.officer)
    for pointer, person in asked.people():
        heed(practice, keeping_out(desk, file.referral, person, pointer))
    told = max(file.referral.statements, len(statements_of(desk, file.referral)))
    heed(practice, told_before(told, again=asked.again, prior=asked.prior_reference))
    heed(practice, unaccompanied(asked.support_person))
    who = None if asked.interpreter is None else asked.interpreter.read()
    heed(practice, unfit(who, _wishes(desk, file), declined_by_her=asked.interpreter_declined_by_her))
    if is_child(file.referral.age_band):
        _check_child(practice, desk, file.referral, asked)


def _check_child(practice: Practice, desk: Desk, referral: Referral, asked: InterviewRequest) -> None:
    before = [from_wire(one.started_at) for one in desk.find(Interview, subject=referral.subject)]
    objections = too_hard_on_a_child(
        asked.present_for_child,
        guardian_unsafe=referral.facts.get("guardian_unsafe") is True,
        friendly_room=asked.friendly_room,
        started_at=asked.started_at,
        before=before,
        most=practice.rulebook.most(CHILD_RULE),
    )
    heed(practice, objections)


def statements_of(look: Look, referral: Referral) -> list[Statement]:
    """Return the statements that this person made here, in any case of the same chain."""
    found = look.find(Statement, chain_id=referral.chain_id, subject=referral.subject)
    return sorted(found, key=lambda one: (one.registered_at, one.statement_id))


def shown_interview(practice: Practice, look: Look, interview_id: str) -> dict[str, Any]:
    """Return a session as its routes answer it; without what is about her once the referral was sealed off."""
    one = look.get(Interview, interview_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    referral = look.get(Referral, one.referral_id)
    return {
        "id": interview_id,
        "referral_id": one.referral_id,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "ending": one.ending,
        "over_time": _over_time(practice, one, referral),
        "officer": one.officer,
        "joint": one.joint,
        "details": unlocked(practice, look, one.referral_id, _place(interview_id), one.content),
        "checklist": unlocked(practice, look, one.referral_id, _checklist_place(interview_id), one.checklist),
    }


def _over_time(practice: Practice, one: Interview, referral: Referral | None) -> bool | None:
    """Say whether a session under 18 was too long (R-27); None while it lasts, or where there is no limit."""
    if referral is None or one.ended_at is None or not is_child(referral.age_band):
        return None
    return from_wire(one.ended_at) > practice.rulebook.due(CHILD_RULE, from_wire(one.started_at))


def _wishes(look: Look, file: CaseFile) -> Wishes:
    preferences = preferences_of(look, file)
    return Wishes(
        interpreter=file.referral.preferences.get("interpreter") is True or preferences.get("interpreter") is True,
        interpreter_gender=wish_of(preferences.get("interpreter_gender")),
    )


def _place(interview_id: str) -> str:
    return f"interview/{interview_id}"


def _checklist_place(interview_id: str) -> str:
    return f"interview-checklist/{interview_id}"
