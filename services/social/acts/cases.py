"""Leading a case: who leads, the plan with her goals, reviews, and closing it.

One person has one lead worker at a time (SOC-LEAD). Who leads is a numbered turn under her reference: two who would
lead at once write the same turn, and the database refuses the second.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.social.messages.cases import (
    CasePlanRequest,
    CaseRequest,
    ClosureRequest,
    HandOverRequest,
    ReviewRequest,
)
from services.social.records import CasePlan, CaseReview, LeadTurn, ManagedCase
from services.social.rules.cases import (
    CLOSE_REVIEW,
    NO_CONTACT,
    PLAN,
    REVIEW,
    HandOver,
    last_heard,
    may_close,
)
from shared.agency.acting import Caller
from shared.agency.assigning import check_colleague
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral, SectorClock
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, file_of, is_sealed_off, open_file
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

MANAGING = frozenset({"SOC-06"})


async def open_case(practice: Practice, caller: Caller, referral_id: str, asked: CaseRequest) -> Done:
    """Open a case with its lead worker.

    Raises `Conflict` (`social.lead-taken`), `ConsentRequired` (`referral.blocked`) for a lead from whom the case is
    kept (R-11), and as `open_file`.
    """
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        referral = open_file(practice.office, desk, referral_id, MANAGING).referral
        check_colleague(practice.office, desk, referral, asked.lead)
        latest = _latest_lead(desk, referral.subject)
        if latest is not None and latest.lead is not None and not _is_sealed_off(desk, latest.referral_id):
            raise practice.rulebook.refused("social.lead-taken", pointer="/lead")
        for rule in (PLAN, CLOSE_REVIEW):
            due = practice.rulebook.due(rule, now)
            start_clock(desk, referral_id, referral_id, rule, started_at=now, due_at=due)
        at = to_wire(now)
        desk.add(ManagedCase(referral_id=referral_id, subject=referral.subject, opened_at=at, actor=asked.actor))
        desk.add(_turn(referral.subject, latest, referral_id, lead=asked.lead, actor=asked.actor, at=at))
        return Outcome(referral_id)

    return await practice.perform(
        caller, Act(name="social.open-case", actor=asked.actor, referral_id=referral_id), work
    )


async def hand_over(practice: Practice, caller: Caller, referral_id: str, asked: HandOverRequest) -> Done:
    """Let another worker lead.

    Raises `Conflict` (`social.case-absent`), `ConsentRequired` (`referral.blocked`) for a lead from whom the case is
    kept (R-11), and as `open_file`.
    """
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        case, file = _open(practice, desk, referral_id)
        check_colleague(practice.office, desk, file.referral, asked.lead)
        latest = _latest_lead(desk, case.subject)
        at = to_wire(now)
        desk.add(_turn(case.subject, latest, referral_id, lead=asked.lead, actor=asked.actor, at=at, why=asked.why))
        return Outcome(referral_id)

    return await practice.perform(
        caller, Act(name="social.hand-over-case", actor=asked.actor, referral_id=referral_id), work
    )


async def set_plan(practice: Practice, caller: Caller, referral_id: str, asked: CasePlanRequest) -> Done:
    """Keep a version of the plan, with goals in her words. It stops the plan's clock and starts that of the review."""
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        _, file = _open(practice, desk, referral_id)
        version = len(desk.find(CasePlan, referral_id=referral_id)) + 1
        running = _running_reviews(desk, referral_id)
        key = f"{referral_id}/{version}"
        stop_clock(desk, referral_id, PLAN, at=now)
        if not running:
            _next_review(practice, desk, referral_id, key, now)
        content = file.lock(_plan_place(key), [goal.model_dump(mode="json") for goal in asked.goals])
        desk.add(
            CasePlan(
                key=key,
                referral_id=referral_id,
                version=version,
                at=to_wire(now),
                actor=asked.actor,
                content=content,
            )
        )
        return Outcome(key)

    return await practice.perform(
        caller, Act(name="social.set-case-plan", actor=asked.actor, referral_id=referral_id), work
    )


async def review_case(practice: Practice, caller: Caller, referral_id: str, asked: ReviewRequest) -> Done:
    """Record a review: how far each domain has come, and whether she was heard. The next one is due in its time."""
    review_id, now = practice.new_id(), practice.now()

    def work(desk: Desk) -> Outcome:
        _, file = _open(practice, desk, referral_id)
        for clock in _running_reviews(desk, referral_id):
            stop_clock(desk, clock.target, REVIEW, at=now)
        _next_review(practice, desk, referral_id, review_id, now)
        content = file.lock(_review_place(review_id), asked.model_dump(mode="json", exclude={"actor"}))
        desk.add(
            CaseReview(
                review_id=review_id, referral_id=referral_id, at=to_wire(now), actor=asked.actor, content=content
            )
        )
        return Outcome(review_id)

    return await practice.perform(
        caller, Act(name="social.review-case", actor=asked.actor, referral_id=referral_id), work
    )


async def close_case(practice: Practice, caller: Caller, referral_id: str, asked: ClosureRequest) -> Done:
    """Close a case. Raises `Conflict` (`social.no-contact-early`, `social.case-absent`), and as `open_file`."""
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        case, file = _open(practice, desk, referral_id)
        running = _running_reviews(desk, referral_id)
        latest = _latest_lead(desk, case.subject)
        heard = from_wire(_last_heard(desk, file, case))
        if not may_close(asked.reason, silent_until=practice.rulebook.due(NO_CONTACT, heard), now=now):
            raise practice.rulebook.refused("social.no-contact-early", pointer="/reason")
        for clock in running:
            stop_clock(desk, clock.target, REVIEW, at=now)
        for rule in (PLAN, CLOSE_REVIEW):
            stop_clock(desk, referral_id, rule, at=now)
        at = to_wire(now)
        desk.change(case, closed_at=at, closure=asked.reason)
        desk.add(_turn(case.subject, latest, referral_id, lead=None, actor=asked.actor, at=at))
        return Outcome(referral_id)

    return await practice.perform(
        caller, Act(name="social.close-case", actor=asked.actor, referral_id=referral_id), work
    )


def shown_case(practice: Practice, look: Look, referral_id: str) -> dict[str, Any] | None:
    """Return a case with its leads, plans and reviews; without their contents once the referral was sealed off."""
    case, referral = look.get(ManagedCase, referral_id), look.get(Referral, referral_id)
    if case is None or referral is None:
        return None
    file = file_of(practice.office, referral)
    turns = sorted(look.find(LeadTurn, referral_id=referral_id), key=lambda turn: turn.turn)
    plans = sorted(look.find(CasePlan, referral_id=referral_id), key=lambda plan: plan.version)
    reviews = sorted(look.find(CaseReview, referral_id=referral_id), key=lambda review: (review.at, review.review_id))
    return {
        "referral_id": referral_id,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
        "closure": case.closure,
        "lead": turns[-1].lead if turns else None,
        "leads": [{"lead": one.lead, "since": one.at, "actor": one.actor, "why": one.why} for one in turns],
        "plans": [
            {
                "version": one.version,
                "at": one.at,
                "actor": one.actor,
                "goals": None if file is None else file.unlock(_plan_place(one.key), one.content),
            }
            for one in plans
        ],
        "reviews": [
            {
                "at": one.at,
                "actor": one.actor,
                "result": None if file is None else file.unlock(_review_place(one.review_id), one.content),
            }
            for one in reviews
        ],
    }


def _open(practice: Practice, desk: Desk, referral_id: str) -> tuple[ManagedCase, CaseFile]:
    file = open_file(practice.office, desk, referral_id, MANAGING, when=When.KEPT)
    case = desk.get(ManagedCase, referral_id)
    if case is None or case.closed_at is not None:
        raise practice.rulebook.refused("social.case-absent")
    return case, file


def _latest_lead(desk: Desk, subject: str) -> LeadTurn | None:
    return max(desk.find(LeadTurn, subject=subject), key=lambda turn: turn.turn, default=None)


def _is_sealed_off(desk: Desk, referral_id: str) -> bool:
    """Say whether a case can no longer be worked on here: then its lead stands in nobody's way."""
    referral = desk.get(Referral, referral_id)
    return referral is None or is_sealed_off(referral)


def _turn(
    subject: str,
    latest: LeadTurn | None,
    referral_id: str,
    *,
    lead: str | None,
    actor: str,
    at: str,
    why: HandOver | None = None,
) -> LeadTurn:
    turn = 1 if latest is None else latest.turn + 1
    return LeadTurn(
        key=f"{subject}/{turn}",
        subject=subject,
        turn=turn,
        referral_id=referral_id,
        lead=lead,
        actor=actor,
        at=at,
        why=why,
    )


def _running_reviews(desk: Desk, referral_id: str) -> Sequence[SectorClock]:
    return desk.find(SectorClock, referral_id=referral_id, rule=REVIEW, stopped_at=None)


def _next_review(practice: Practice, desk: Desk, referral_id: str, target: str, now: datetime) -> None:
    due = practice.rulebook.due(REVIEW, now)
    start_clock(desk, referral_id, target, REVIEW, started_at=now, due_at=due)


def _last_heard(desk: Desk, file: CaseFile, case: ManagedCase) -> str:
    plans = [one.at for one in desk.find(CasePlan, referral_id=case.referral_id)]
    reviews = [
        (one.at, bool(file.unlock(_review_place(one.review_id), one.content)["reached_her"]))
        for one in desk.find(CaseReview, referral_id=case.referral_id)
    ]
    return last_heard(case.opened_at, plans, reviews)


def _plan_place(key: str) -> str:
    return f"case-plan/{key}"


def _review_place(review_id: str) -> str:
    return f"case-review/{review_id}"
