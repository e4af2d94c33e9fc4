"""Her safety plan: made with her, every version kept with who wrote it, and a copy for her (SOC-PLAN-HERS, R-20)."""

from collections.abc import Sequence
from typing import Any

from services.social.acts.risk import PLAN_CLOCK
from services.social.messages.safety import CopyRequest, PlanRequest
from services.social.records import PlanCopy, RiskAssessment, SafetyPlan
from services.social.rules.safety import TITLE, as_lines, may_copy
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, file_of, open_file
from shared.agency.sector.clocks import stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire

#: The services in which a plan is made with her; a trusted address knows too little of her for one.
PLANNING = frozenset({f"SOC-{number:02d}" for number in (1, 3, 4, 6, 8, 9, 10)})


async def save_plan(practice: Practice, caller: Caller, referral_id: str, asked: PlanRequest) -> Done:
    """Keep a new version. It stops the clocks of the assessments that asked for a plan (I32).

    Raises `InputRejected` (`social.plan-not-hers`), `Conflict` (`social.plan-moved-on`), and as `open_file`.
    """
    now, plan = practice.now(), asked.plan.model_dump(mode="json", exclude_none=True)

    def work(desk: Desk) -> Outcome:
        if not asked.made_with_her:
            raise practice.rulebook.refused("social.plan-not-hers", pointer="/made_with_her")
        file = open_file(practice.office, desk, referral_id, PLANNING)
        latest = len(desk.find(SafetyPlan, referral_id=referral_id))
        waiting = desk.find(RiskAssessment, referral_id=referral_id)
        if asked.based_on != latest:
            raise practice.rulebook.refused("social.plan-moved-on", pointer="/based_on")
        key = f"{referral_id}/{latest + 1}"
        for assessment in waiting:
            stop_clock(desk, assessment.assessment_id, PLAN_CLOCK, at=now)
        desk.add(
            SafetyPlan(
                key=key,
                referral_id=referral_id,
                version=latest + 1,
                at=to_wire(now),
                actor=asked.actor,
                content=file.lock(_place(key), plan),
            )
        )
        return Outcome(key)

    act = Act(name="social.save-safety-plan", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def give_copy(practice: Practice, caller: Caller, referral_id: str, asked: CopyRequest) -> Done:
    """Record that she has a copy of a version. Raises `Conflict` (`social.copy-unsafe`, `social.plan-absent`)."""
    copy_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, PLANNING)
        if desk.get(SafetyPlan, f"{referral_id}/{asked.version}") is None:
            raise practice.rulebook.refused("social.plan-absent", pointer="/version")
        if not may_copy(asked.way, safe_to_keep=asked.safe_to_keep):
            raise practice.rulebook.refused("social.copy-unsafe", pointer="/safe_to_keep")
        desk.add(
            PlanCopy(
                copy_id=copy_id,
                referral_id=referral_id,
                version=asked.version,
                way=asked.way,
                at=at,
                actor=asked.actor,
            )
        )
        return Outcome(copy_id)

    return await practice.perform(
        caller, Act(name="social.give-plan-copy", actor=asked.actor, referral_id=referral_id), work
    )


def shown_plan(practice: Practice, look: Look, key: str) -> dict[str, Any]:
    """Return one version of a plan; without its content once the referral was sealed off."""
    plan = look.get(SafetyPlan, key)
    assert plan is not None  # noqa: S101 - the act that made it named it
    return _shown(_file(practice, look, plan.referral_id), plan)


def shown_plans(practice: Practice, look: Look, referral_id: str) -> Sequence[dict[str, Any]]:
    """Return all versions of a plan, oldest first."""
    file = _file(practice, look, referral_id)
    found = sorted(look.find(SafetyPlan, referral_id=referral_id), key=lambda plan: plan.version)
    return [_shown(file, plan) for plan in found]


def shown_copy(practice: Practice, look: Look, copy_id: str) -> dict[str, Any]:
    """Return a copy as it is handed to her: a title that says nothing, and the plan's own lines (R-20)."""
    copy = look.get(PlanCopy, copy_id)
    assert copy is not None  # noqa: S101 - the act that made it named it
    plan = shown_plan(practice, look, f"{copy.referral_id}/{copy.version}")["plan"]
    return {
        "id": copy.copy_id,
        "version": copy.version,
        "way": copy.way,
        "at": copy.at,
        "actor": copy.actor,
        "title": TITLE,
        "lines": None if plan is None else as_lines(plan),
    }


def _file(practice: Practice, look: Look, referral_id: str) -> CaseFile | None:
    referral = look.get(Referral, referral_id)
    return None if referral is None else file_of(practice.office, referral)


def _shown(file: CaseFile | None, plan: SafetyPlan) -> dict[str, Any]:
    return {
        "referral_id": plan.referral_id,
        "version": plan.version,
        "at": plan.at,
        "actor": plan.actor,
        "plan": None if file is None else file.unlock(_place(plan.key), plan.content),
    }


def _place(key: str) -> str:
    return f"safety-plan/{key}"
