"""Assessing her risk: what a risk tool says becomes a band, an urgency at least, and what to offer her (SOC-RISK)."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.social.messages.risk import RiskRequest
from services.social.records import RiskAssessment
from services.social.rules.risk import HIGH, RULES, Band, Reading, band_of, is_complete, offers, urgency_of
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, file_of, open_file
from shared.agency.sector.clocks import start_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire
from shared.sop.model import Urgency

#: The services in which social workers assess risk: all that may know of her safety.
ASSESSING = frozenset({f"SOC-{number:02d}" for number in (1, 3, 4, 6, 7, 8, 9, 10)})
#: The clock of a safety plan.
PLAN_CLOCK = "I32"


async def assess_risk(practice: Practice, caller: Caller, referral_id: str, asked: RiskRequest) -> Done:
    """Record an assessment. Raises `InputRejected` (`social.reading-missing`), and as `open_file`."""
    assessment_id, now, reading = practice.new_id(), practice.now(), asked.reading()

    def work(desk: Desk) -> Outcome:
        if not is_complete(reading):
            raise practice.rulebook.refused("social.reading-missing", pointer="/tool")
        file = open_file(practice.office, desk, referral_id, ASSESSING, when=When.OPEN)
        earlier = desk.find(RiskAssessment, referral_id=referral_id)
        band = band_of(reading, set_by_people=_set_by_people(file, earlier))
        content = file.lock(_place(assessment_id), _content(file.referral, reading, asked.version, band))
        at = to_wire(now)
        desk.add(
            RiskAssessment(
                assessment_id=assessment_id, referral_id=referral_id, at=at, actor=asked.actor, content=content
            )
        )
        if band >= HIGH:
            due = practice.rulebook.due(PLAN_CLOCK, now)
            start_clock(desk, referral_id, assessment_id, PLAN_CLOCK, started_at=now, due_at=due)
        return Outcome(assessment_id)

    return await practice.perform(
        caller, Act(name="social.assess-risk", actor=asked.actor, referral_id=referral_id), work
    )


def shown_assessments(practice: Practice, look: Look, referral_id: str) -> Sequence[dict[str, Any]]:
    """Return the assessments of a referral, oldest first; without contents once it was sealed off."""
    referral = look.get(Referral, referral_id)
    file = None if referral is None else file_of(practice.office, referral)
    found = sorted(look.find(RiskAssessment, referral_id=referral_id), key=_by_time)
    return [_shown(file, one) for one in found]


def _shown(file: CaseFile | None, one: RiskAssessment) -> dict[str, Any]:
    result = None if file is None else file.unlock(_place(one.assessment_id), one.content)
    return {
        "id": one.assessment_id,
        "referral_id": one.referral_id,
        "at": one.at,
        "actor": one.actor,
        "result": result,
    }


def _content(referral: Referral, reading: Reading, version: str, band: Band) -> Mapping[str, Any]:
    screen = reading.screen
    return {
        "tool": reading.tool,
        "version": version,
        "score": reading.score,
        "level": reading.level,
        "screen": None
        if screen is None
        else {"first_three": screen.first_three, "others": screen.others, "belief": screen.belief},
        "incidents": reading.incidents,
        "signs": sorted(reading.signs),
        "judgement": reading.judgement,
        "band": band,
        "urgency_at_least": urgency_of(band, set_by_people=Urgency(referral.urgency)),
        "offers": offers(band),
        "rule": RULES[reading.tool],
    }


def _set_by_people(file: CaseFile, earlier: Sequence[RiskAssessment]) -> list[Band]:
    """Return the band that a person set last: in an assessment here, or the sender with the referral."""
    for one in sorted(earlier, key=_by_time, reverse=True):
        judged = file.unlock(_place(one.assessment_id), one.content)["judgement"]
        if judged is not None:
            return [Band(judged)]
    said = file.referral.facts.get("risk_band")
    return [] if said is None else [Band(said)]


def _by_time(one: RiskAssessment) -> tuple[str, str]:
    return one.at, one.assessment_id


def _place(assessment_id: str) -> str:
    return f"risk/{assessment_id}"
