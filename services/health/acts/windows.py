"""Working against time: when it happened, what she needs, what was given and what is left (E6, INV-13)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from services.health.messages.windows import AssessmentRequest, DoseRequest, FollowUpRequest, IncidentTimeRequest
from services.health.records import Assessment, Care, IncidentTime
from services.health.rules.windows import (
    FROM_SENDING,
    TIME_AHEAD,
    Answer,
    Kind,
    Need,
    Story,
    Window,
    load_windows,
    needed,
    of_service,
    stand,
    start_of,
    wrong_start,
)
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look, Reading
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, file_to_read, open_file
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

#: The services in which something for her has a time.
CARING: Final = frozenset({"HEA-01", "HEA-02", "HEA-03", "HEA-08", "HEA-09"})


PEP: Final = "pep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One thing that was given to her or offered; `counted_from` only where a window is counted from the incident."""

    window_id: str
    given_at: datetime
    answer: Answer
    counted_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What is on record of her, and what she did not want and when."""

    story: Story
    declined: Mapping[str, datetime] = field(default_factory=dict)


async def record_incident(practice: Practice, caller: Caller, referral_id: str, said: IncidentTimeRequest) -> Done:
    """Record when it happened, as said here. Raises as `open_file`; `InputRejected` for a time that cannot be.

    When the referral was sent is not when it happened. Clocks that run move to the earlier time, never to a later one.
    """
    record_id, now, incident_at = practice.new_id(), practice.now(), said.incident_at

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, CARING, when=When.OPEN)
        told = told_of(file, desk)
        _refuse_ahead(practice, incident_at, now, "/incident_at")
        if incident_at == from_wire(file.referral.sent_at):
            raise practice.rulebook.refused(FROM_SENDING, pointer="/incident_at")
        content = file.lock(_incident_place(record_id), {"incident_at": to_wire(incident_at), "source": said.source})
        desk.add(
            IncidentTime(
                record_id=record_id,
                referral_id=referral_id,
                recorded_at=to_wire(now),
                actor=said.actor,
                content=content,
            )
        )
        _start(practice, desk, file, replace(told.story, incident_at=incident_at), now=now)
        return Outcome(record_id)

    return await practice.perform(
        caller, Act(name="health.record-incident", actor=said.actor, referral_id=referral_id), work
    )


async def assess(practice: Practice, caller: Caller, referral_id: str, said: AssessmentRequest) -> Done:
    """Record what she needs and start its clocks. Raises as `open_file`; refuses another start of windows (E6)."""
    assessment_id, now, needs = practice.new_id(), practice.now(), said.needs()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, CARING, when=When.OPEN)
        told = told_of(file, desk)
        _check_start(practice, file, told.story, said.counted_from, now)
        story = replace(told.story, assessed_at=told.story.assessed_at or now, needs=needs)
        content = {"needs": sorted(needs), "counted_from": to_wire(said.counted_from)}
        locked = file.lock(_assessment_place(assessment_id), content)
        desk.add(
            Assessment(
                assessment_id=assessment_id,
                referral_id=referral_id,
                assessed_at=to_wire(now),
                actor=said.actor,
                content=locked,
            )
        )
        _start(practice, desk, file, story, now=now)
        return Outcome(assessment_id)

    return await practice.perform(caller, Act(name="health.assess", actor=said.actor, referral_id=referral_id), work)


async def give_dose(practice: Practice, caller: Caller, referral_id: str, said: DoseRequest) -> Done:
    """Record a dose. Raises as `open_file`; refuses it only where it is clinically too late, and says what helps."""
    given = Given(window_id=said.dose, given_at=said.given_at, answer=said.answer, counted_from=said.counted_from)
    return await _give(practice, caller, referral_id, actor=said.actor, given=given)


async def record_follow_up(practice: Practice, caller: Caller, referral_id: str, said: FollowUpRequest) -> Done:
    """Record a test, the end of a course or an observation. Raises as `open_file`."""
    given = Given(window_id=said.what, given_at=said.done_at, answer=said.answer)
    return await _give(practice, caller, referral_id, actor=said.actor, given=given)


async def _give(practice: Practice, caller: Caller, referral_id: str, *, actor: str, given: Given) -> Done:
    """Record a dose, a test or an observation, and stop its clock.

    Raises as `open_file`; refuses a dose only where it is clinically too late, and names what helps instead.
    """
    care_id, now = practice.new_id(), practice.now()
    window = load_windows()[given.window_id]
    when = When.OPEN if window.kind is Kind.TREATMENT else When.KEPT  # a test after three months outlives the referral

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, CARING, when=when)
        told = told_of(file, desk)
        _refuse_ahead(practice, given.given_at, now, "/given_at")
        if given.counted_from is not None:
            _check_start(practice, file, told.story, given.counted_from, now)
        _refuse_too_late(practice, window, told.story, given, now)
        content = file.lock(_care_place(care_id), {"what": window.id, "answer": given.answer})
        at = to_wire(given.given_at)
        desk.add(Care(care_id=care_id, referral_id=referral_id, given_at=at, actor=actor, content=content))
        stop_clock(desk, _target(referral_id, window), window.rule, at=given.given_at)
        if window.id == PEP and given.answer is Answer.GIVEN:
            first = min(given.given_at, told.story.first_dose_at or given.given_at)
            _start(practice, desk, file, replace(told.story, first_dose_at=first), now=now)
        return Outcome(care_id)

    return await practice.perform(caller, Act(name="health.give", actor=actor, referral_id=referral_id), work)


def told_of(file: CaseFile, look: Look) -> Told:
    """Return what is on record of her: when it happened as said last, what she needs, what was given and declined."""
    incidents = look.find(IncidentTime, referral_id=file.referral.referral_id)
    assessments = look.find(Assessment, referral_id=file.referral.referral_id)
    care = [
        (one, file.unlock(_care_place(one.care_id), one.content))
        for one in look.find(Care, referral_id=file.referral.referral_id)
    ]
    given = {said["what"]: from_wire(one.given_at) for one, said in care if said["answer"] == Answer.GIVEN}
    declined = {said["what"]: from_wire(one.given_at) for one, said in care if said["answer"] != Answer.GIVEN}
    doses = [from_wire(one.given_at) for one, said in care if said["what"] == PEP and said["answer"] == Answer.GIVEN]
    latest = (
        file.unlock(_assessment_place(assessments[-1].assessment_id), assessments[-1].content) if assessments else {}
    )
    story = Story(
        incident_at=_incident(file, incidents),
        assessed_at=from_wire(assessments[0].assessed_at) if assessments else None,
        first_dose_at=min(doses, default=None),
        needs=frozenset(Need(one) for one in latest["needs"]) if latest else None,
        done=given,
    )
    return Told(story, {name: at for name, at in declined.items() if name not in given})


def shown_windows(practice: Practice, look: Reading, referral_id: str) -> dict[str, Any]:
    """Return the windows of a referral as a live countdown; nothing once it was sealed off."""
    file = file_to_read(practice.office, look, referral_id)
    if file is None:
        return {"at": to_wire(practice.now()), "incident_known": False, "items": []}
    told, now = told_of(file, look), practice.now()
    items = [_shown(practice, window, told, now) for window in of_service(file.referral.service_type)]
    return {"at": to_wire(now), "incident_known": told.story.incident_at is not None, "items": items}


def _incident(file: CaseFile, recorded: Any) -> datetime | None:
    if recorded:
        said = file.unlock(_incident_place(recorded[-1].record_id), recorded[-1].content)
        return from_wire(said["incident_at"])
    return None if file.referral.incident_at is None else from_wire(file.referral.incident_at)


def _check_start(practice: Practice, file: CaseFile, story: Story, counted_from: datetime, now: datetime) -> None:
    sent_at = from_wire(file.referral.sent_at)
    code = wrong_start(counted_from, story, sent_at=sent_at, now=now)
    if code is not None:
        raise practice.rulebook.refused(code, pointer="/counted_from")


def _refuse_ahead(practice: Practice, at: datetime, now: datetime, pointer: str) -> None:
    if at > now:
        raise practice.rulebook.refused(TIME_AHEAD, pointer=pointer)


def _refuse_too_late(practice: Practice, window: Window, story: Story, given: Given, now: datetime) -> None:
    if window.refusal is None or given.answer is not Answer.GIVEN:
        return
    _, start = start_of(window, story, now=now)
    if start is not None and given.given_at > practice.rulebook.due(window.rule, start):
        raise practice.rulebook.refused(window.refusal)


def _start(practice: Practice, desk: Desk, file: CaseFile, story: Story, *, now: datetime) -> None:
    """Start the clock of each window that an assessment says she needs, or move it to an earlier time.

    Specimens have no clock of their own: nobody hurries her into an examination (R-21).
    """
    if story.needs is None:
        return
    for window in of_service(file.referral.service_type):
        _, start = start_of(window, story, now=now)
        if start is not None and window.kind is not Kind.SPECIMEN and needed(window, story):
            due_at, target = practice.rulebook.due(window.rule, start), _target(file.referral.referral_id, window)
            start_clock(desk, file.referral.referral_id, target, window.rule, started_at=start, due_at=due_at)


def _shown(practice: Practice, window: Window, told: Told, now: datetime) -> dict[str, Any]:
    rule = practice.rulebook.rule(window.rule)
    assert rule.limit is not None  # noqa: S101 - due() has asked for it, and a test reads every window
    standing = stand(window, told.story, rule.limit, now=now)
    return {
        "id": window.id,
        "kind": window.kind,
        "name": {"vi": window.name.vi, "en": window.name.en},
        "state": standing.state,
        "counted": standing.counted,
        "counted_from": _wire(standing.counted_from),
        "best_until": _wire(standing.best_until),
        "closes_at": _wire(standing.closes_at),
        "seconds_left": standing.seconds_left,
        "done_at": _wire(standing.done_at),
        "declined_at": _wire(told.declined.get(window.id)),
        "still_offered": {"vi": window.after.vi, "en": window.after.en},
        "rule": window.rule,
        "basis": rule.basis.citation,
        "confidence": rule.basis.confidence,
    }


def _wire(at: datetime | None) -> str | None:
    return None if at is None else to_wire(at)


def _target(referral_id: str, window: Window) -> str:
    return f"{referral_id}/{window.id}"


def _incident_place(record_id: str) -> str:
    return f"incident-time/{record_id}"


def _assessment_place(assessment_id: str) -> str:
    return f"assessment/{assessment_id}"


def _care_place(care_id: str) -> str:
    return f"care/{care_id}"
