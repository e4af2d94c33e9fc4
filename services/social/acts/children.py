"""A child in danger: the forms, the chair's decision, the stay, and the copy to hotline 111 (SOC-07; R-12, E7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.social.messages.children import (
    DecisionRequest,
    EndOfStayRequest,
    HotlineCopyRequest,
    ReceiptRequest,
    RiskFormRequest,
)
from services.social.records import ChildDecision, ChildForm, HotlineCopy
from services.social.rules.children import (
    COPY,
    DECIDE,
    STAY,
    TIMES,
    Form,
    crosses_provinces,
    is_of_the_commune,
    may_decide,
    missing,
    stay_refused,
    times_refused,
)
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, file_of, open_file
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

PROTECTING = frozenset({"SOC-07"})
#: A stay that begins further from now than this is a slip of the pen.
NEAR = timedelta(days=366)


async def fill_receipt(practice: Practice, caller: Caller, referral_id: str, asked: ReceiptRequest) -> Done:
    """Keep Form 01 as far as it is known; the twelve hours run from when the information was received.

    Across provinces the copy to hotline 111 is due from then on. Raises as `open_file`.
    """
    return await _fill(practice, caller, referral_id, Form.RECEIPT, asked)


async def fill_risk(practice: Practice, caller: Caller, referral_id: str, asked: RiskFormRequest) -> Done:
    """Keep Form 02 as far as it is known. Raises as `open_file`."""
    return await _fill(practice, caller, referral_id, Form.RISK, asked)


async def _fill(
    practice: Practice, caller: Caller, referral_id: str, form: Form, asked: ReceiptRequest | RiskFormRequest
) -> Done:
    now, said = practice.now(), asked.form.model_dump(mode="json", exclude_none=True)

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, PROTECTING, when=When.OPEN)
        number = len(desk.find(ChildForm, referral_id=referral_id, form=form)) + 1
        key = f"{referral_id}/{form}/{number}"
        if form is Form.RECEIPT:
            _start_clocks(practice, desk, file, said, now)
        desk.add(
            ChildForm(
                key=key,
                referral_id=referral_id,
                form=form,
                number=number,
                at=to_wire(now),
                actor=asked.actor,
                content=file.lock(f"child/{key}", said),
            )
        )
        return Outcome(key)

    name = f"social.child-form-{form}"
    return await practice.perform(caller, Act(name=name, actor=asked.actor, referral_id=referral_id), work)


async def record_decision(practice: Practice, caller: Caller, referral_id: str, decided: DecisionRequest) -> Done:
    """Record the chair's decision, with the forms it rests on complete. It stops the twelve hours.

    The fifteen days of a stay run from its beginning, also where it is decided anew; a stay after one that was ended
    has its own. Raises `NotPermitted` (`social.authority-other`), `Conflict` (`social.forms-incomplete`,
    `social.commune-other`), `InputRejected` (`social.child-times`, `social.stay-unsaid`, `social.stay-too-long`), and
    as `open_file`.
    """
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, PROTECTING)
        number = len(desk.find(ChildDecision, referral_id=referral_id)) + 1
        _check(practice, desk, file, decided, now)
        stay = _stay(desk, referral_id)
        _check_stay(practice, stay, decided, now)
        key = f"{referral_id}/{number}"
        stop_clock(desk, referral_id, DECIDE, at=min(now, decided.decided_at))
        if decided.stay_from is not None:
            due = practice.rulebook.due(STAY, decided.stay_from)
            begun_by = stay[0].key if stay else key
            start_clock(desk, referral_id, begun_by, STAY, started_at=decided.stay_from, due_at=due)
        desk.add(_kept(file, decided, key=key, referral_id=referral_id, number=number, recorded_at=to_wire(now)))
        return Outcome(key)

    act = Act(name="social.record-child-decision", actor=decided.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def end_stay(practice: Practice, caller: Caller, referral_id: str, asked: EndOfStayRequest) -> Done:
    """Record that a child is no longer kept apart. Raises `Conflict` (`social.stay-absent`), and as `open_file`."""
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, PROTECTING, when=When.KEPT)
        stay = _stay(desk, referral_id)
        if not stay:
            raise practice.rulebook.refused("social.stay-absent")
        stop_clock(desk, stay[0].key, STAY, at=now)
        desk.change(stay[-1], ended_at=to_wire(now), ended_to=asked.to)
        return Outcome(stay[-1].key)

    return await practice.perform(
        caller, Act(name="social.end-child-stay", actor=asked.actor, referral_id=referral_id), work
    )


async def tell_hotline(practice: Practice, caller: Caller, referral_id: str, asked: HotlineCopyRequest) -> Done:
    """Record that hotline 111 has its copy. What was said is kept nowhere here: the hotline keeps its own record."""
    copy_id, now = practice.new_id(), practice.now()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, PROTECTING, when=When.KEPT)
        stop_clock(desk, referral_id, COPY, at=now)
        desk.add(HotlineCopy(copy_id=copy_id, referral_id=referral_id, at=to_wire(now), actor=asked.actor))
        return Outcome(copy_id)

    return await practice.perform(
        caller, Act(name="social.tell-hotline", actor=asked.actor, referral_id=referral_id), work
    )


def shown_child(practice: Practice, look: Look, referral_id: str) -> dict[str, Any]:
    """Return the forms with what they still miss, the decisions, and the copies; no contents once sealed off."""
    referral = look.get(Referral, referral_id)
    file = None if referral is None else file_of(practice.office, referral)
    forms = {one.form: one for one in sorted(look.find(ChildForm, referral_id=referral_id), key=lambda one: one.number)}
    decisions = sorted(look.find(ChildDecision, referral_id=referral_id), key=lambda one: one.number)
    copies = sorted(look.find(HotlineCopy, referral_id=referral_id), key=lambda one: one.at)
    return {
        "referral_id": referral_id,
        "forms": [_shown_form(file, one) for _, one in sorted(forms.items())],
        "decisions": [_shown_decision(file, one) for one in decisions],
        "hotline_told_at": copies[0].at if copies else None,
    }


def _start_clocks(practice: Practice, desk: Desk, file: CaseFile, said: Mapping[str, Any], now: datetime) -> None:
    referral = file.referral
    times = [from_wire(str(said["received_at"]))] if said.get("received_at") else []
    start = min(now, from_wire(referral.sent_at), *times)
    due = practice.rulebook.due(DECIDE, start)
    start_clock(desk, referral.referral_id, referral.referral_id, DECIDE, started_at=start, due_at=due)
    if _crosses(said):
        copy_due = practice.rulebook.due(COPY, now)
        start_clock(desk, referral.referral_id, referral.referral_id, COPY, started_at=now, due_at=copy_due)


def _crosses(said: Mapping[str, Any]) -> bool:
    happened, lives = said.get("happened_in"), said.get("lives_in")
    return happened is not None and crosses_provinces(
        happened["province"], None if lives is None else lives["province"]
    )


def _check(practice: Practice, desk: Desk, file: CaseFile, decided: DecisionRequest, now: datetime) -> None:
    rules, referral_id = practice.rulebook, file.referral.referral_id
    if not may_decide(decided.authority, decided_by=decided.decided_by, recorded_by=decided.actor):
        raise rules.refused("social.authority-other", pointer="/decided_by")
    receipt, risk = (_said(desk, file, referral_id, form) for form in Form)
    if missing(Form.RECEIPT, receipt) or missing(Form.RISK, risk):
        raise rules.refused("social.forms-incomplete")
    lives = receipt.get("lives_in")
    home = None if lives is None else lives["commune"]
    if not is_of_the_commune(decided.commune, happened_in=receipt["happened_in"]["commune"], lives_in=home):
        raise rules.refused("social.commune-other", pointer="/commune")
    received_at = from_wire(str(receipt["received_at"]))
    untimely = times_refused(received_at, decided.decided_at, latest=rules.due(TIMES, now))
    if untimely is not None:
        raise rules.refused(untimely, pointer="/decided_at")


def _check_stay(practice: Practice, stay: Sequence[ChildDecision], decided: DecisionRequest, now: datetime) -> None:
    rules = practice.rulebook
    if decided.stay_from is not None and abs(decided.stay_from - now) > NEAR:
        raise rules.refused("social.stay-unsaid", pointer="/stay_from")
    begun = [one.stay_from for one in stay if one.stay_from is not None]
    starts = [*map(from_wire, begun), *([] if decided.stay_from is None else [decided.stay_from])]
    longest = rules.due(STAY, min(starts)) if starts else None
    refusal = stay_refused(
        decided.decision, decided.stay_from, decided.stay_until, longest=longest, longer_by=decided.longer_by
    )
    if refusal is not None:
        raise rules.refused(refusal, pointer="/stay_until")


def _said(desk: Desk, file: CaseFile, referral_id: str, form: Form) -> Mapping[str, Any]:
    found = max(desk.find(ChildForm, referral_id=referral_id, form=form), key=lambda one: one.number, default=None)
    said: Mapping[str, Any] = {} if found is None else file.unlock(f"child/{found.key}", found.content)
    return said


def _stay(look: Look, referral_id: str) -> Sequence[ChildDecision]:
    """Return the decisions by which the child is kept apart now, in their order; none where no stay is running."""
    decisions = sorted(look.find(ChildDecision, referral_id=referral_id), key=lambda one: one.number)
    ended = max((one.number for one in decisions if one.ended_at is not None), default=0)
    return [one for one in decisions if one.number > ended and one.stay_from is not None]


def _kept(
    file: CaseFile, decided: DecisionRequest, *, key: str, referral_id: str, number: int, recorded_at: str
) -> ChildDecision:
    return ChildDecision(
        key=key,
        referral_id=referral_id,
        number=number,
        decision=decided.decision,
        decided_at=to_wire(decided.decided_at),
        decided_by=decided.decided_by,
        commune=decided.commune,
        recorded_at=recorded_at,
        actor=decided.actor,
        stay_from=None if decided.stay_from is None else to_wire(decided.stay_from),
        stay_until=None if decided.stay_until is None else to_wire(decided.stay_until),
        longer_by=decided.longer_by,
        content=file.lock(f"child-decision/{key}", decided.text.model_dump(mode="json", exclude_none=True)),
    )


def _shown_form(file: CaseFile | None, one: ChildForm) -> dict[str, Any]:
    said = None if file is None else file.unlock(f"child/{one.key}", one.content)
    return {
        "form": one.form,
        "at": one.at,
        "actor": one.actor,
        "said": said,
        "missing": None if said is None else missing(Form(one.form), said),
    }


def _shown_decision(file: CaseFile | None, one: ChildDecision) -> dict[str, Any]:
    return {
        "decision": one.decision,
        "decided_at": one.decided_at,
        "decided_by": one.decided_by,
        "commune": one.commune,
        "recorded_at": one.recorded_at,
        "actor": one.actor,
        "stay_from": one.stay_from,
        "stay_until": one.stay_until,
        "longer_by": one.longer_by,
        "ended_at": one.ended_at,
        "ended_to": one.ended_to,
        "said": None if file is None else file.unlock(f"child-decision/{one.key}", one.content),
    }
