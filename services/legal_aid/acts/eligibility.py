"""Answering her request at once: complete, or what is missing; in haste papers follow (VN-LA-01, VN-LA-02)."""

from datetime import date
from typing import Any, Final

from services.legal_aid.acts.legal_file import details_of, place_of
from services.legal_aid.messages.eligibility import EligibilityRequest
from services.legal_aid.records import Assignment, Eligibility, last_answer
from services.legal_aid.rules.assignment import ASSIGN_BY
from services.legal_aid.rules.eligibility import Answer, Decision, Request, answered, is_urgent, opened_by
from services.legal_aid.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, open_file
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire
from shared.sop.calendar import day_in_viet_nam

URGENT: Final = "VN-LA-02-URGENT"
PAPERS: Final = "VN-LA-02-PAPERS"
_ACCEPTED: Final = frozenset({Decision.COMPLETE, Decision.PAPERS_FOLLOW})


async def answer_request(practice: Practice, caller: Caller, referral_id: str, request: EligibilityRequest) -> Done:
    """Decide her request from the groups of the law (E1, E5) and record the answer. Raises as `open_file`."""
    answer_id, now = practice.new_id(), practice.now()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SERVICES, when=When.OPEN)
        urgent = _is_urgent(practice, file.referral, request)
        answer = answered(_weighed(file.referral, request, urgent=urgent))
        assigned = desk.find(Assignment, referral_id=referral_id)
        content = file.lock(place_of(answer_id), _details(request, answer, urgent=urgent))
        desk.add(
            Eligibility(
                answer_id=answer_id,
                referral_id=referral_id,
                at=to_wire(now),
                actor=request.actor,
                decision=answer.decision.value,
                content=content,
            )
        )
        _set_clocks(practice, desk, file, request, answer, urgent=urgent, assigned=bool(assigned))
        return Outcome(answer_id)

    act = Act(name="legal-aid.answer-request", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def status_on_record(look: Look, file: CaseFile) -> str | None:
    """Return the status of a trafficked person: as answered last, or as it was said when she was referred."""
    latest = last_answer(look, file.referral.referral_id)
    if latest is not None:
        return str(details_of(file, latest.answer_id, latest.content)["trafficking_status"])
    return file.referral.facts.get("trafficking_status")


def _is_urgent(practice: Practice, referral: Referral, request: EligibilityRequest) -> bool:
    days = [request.hearing_on, request.limitation_on]
    days += [_day(referral.facts.get(name)) for name in ("hearing_on", "limitation_on")]
    today = day_in_viet_nam(practice.now())
    fifth = day_in_viet_nam(practice.rulebook.due(URGENT, practice.now()))
    return any(is_urgent(day, today=today, fifth_working_day=fifth) for day in days)


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None


def _weighed(referral: Referral, request: EligibilityRequest, *, urgent: bool) -> Request:
    return Request(
        age_band=referral.age_band,
        groups=frozenset(request.groups),
        domestic_violence=request.domestic_violence,
        hardship=request.hardship,
        status=request.trafficking_status,
        papers=frozenset(request.papers),
        urgent=urgent,
    )


def _details(request: EligibilityRequest, answer: Answer, *, urgent: bool) -> dict[str, Any]:
    return {
        "groups": list(answer.groups),
        "missing": list(answer.missing),
        "urgent": urgent,
        "hardship": request.hardship,
        "trafficking_status": request.trafficking_status,
        "opens": sorted(opened_by(request.trafficking_status)),
    }


def _set_clocks(
    practice: Practice,
    desk: Desk,
    file: CaseFile,
    request: EligibilityRequest,
    answer: Answer,
    *,
    urgent: bool,
    assigned: bool,
) -> None:
    referral_id, now, rulebook = file.referral.referral_id, practice.now(), practice.rulebook
    if answer.decision is Decision.COMPLETE:
        stop_clock(desk, referral_id, PAPERS, at=now)
    if answer.decision is Decision.PAPERS_FOLLOW and urgent:
        start_clock(desk, referral_id, referral_id, PAPERS, started_at=now, due_at=rulebook.due(PAPERS, now))
    if answer.decision in _ACCEPTED and not assigned:
        rule = ASSIGN_BY[request.haste]
        start_clock(desk, referral_id, referral_id, rule, started_at=now, due_at=rulebook.due(rule, now))
