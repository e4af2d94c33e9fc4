"""Receiving somebody who may have been trafficked, her status, and what it gives her (SOC-08, SOC-11; E5, R-14)."""

from typing import Any

from services.social.messages.trafficking import ReceptionRequest, StatusRequest, SupportRequest
from services.social.records import Reception, StatusTurn, SupportGiven
from services.social.rules.entitlements import (
    DECIDED,
    VERIFY,
    Decider,
    Status,
    entitlements,
    may_say,
    offers,
    refused,
    status_now,
)
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, open_file
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire

RECEIVING = frozenset({"SOC-08"})
GIVING = frozenset({"SOC-05", "SOC-08", "SOC-09", "SOC-10", "SOC-11"})


async def receive(practice: Practice, caller: Caller, referral_id: str, asked: ReceptionRequest) -> Done:
    """Record a reception: at once, whatever her papers, and whether or not she says anything. Verification follows.

    Raises `InputRejected` (`social.status-not-theirs`), and as `open_file`.
    """
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, RECEIVING)
        known, latest = desk.get(Reception, referral_id), _latest(desk, referral_id)
        if asked.status in DECIDED:
            raise practice.rulebook.refused("social.status-not-theirs", pointer="/status")
        due = practice.rulebook.due(VERIFY, now)
        start_clock(desk, referral_id, referral_id, VERIFY, started_at=now, due_at=due)
        if known is None:
            desk.add(
                Reception(
                    referral_id=referral_id,
                    at=to_wire(now),
                    actor=asked.actor,
                    offence_or_immigration=asked.offence_or_immigration,
                )
            )
        else:
            desk.change(known, offence_or_immigration=asked.offence_or_immigration)
        desk.add(_turn(referral_id, latest, asked.status, Decider.RECEPTION, actor=asked.actor, at=to_wire(now)))
        return Outcome(referral_id)

    return await practice.perform(caller, Act(name="social.receive", actor=asked.actor, referral_id=referral_id), work)


async def record_status(practice: Practice, caller: Caller, referral_id: str, asked: StatusRequest) -> Done:
    """Record her status as it was decided. It stops the clock of the verification.

    Raises `InputRejected` (`social.status-not-theirs`), and as `open_file`.
    """
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, GIVING, when=When.KEPT)
        latest = _latest(desk, referral_id)
        if not may_say(asked.status, asked.decided_by):
            raise practice.rulebook.refused("social.status-not-theirs", pointer="/decided_by")
        if asked.decided_by is not Decider.RECEPTION:
            stop_clock(desk, referral_id, VERIFY, at=now)
        desk.add(_turn(referral_id, latest, asked.status, asked.decided_by, actor=asked.actor, at=to_wire(now)))
        return Outcome(referral_id)

    act = Act(name="social.record-trafficking-status", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def give(practice: Practice, caller: Caller, referral_id: str, asked: SupportRequest) -> Done:
    """Record that a support was given. Raises `Conflict` (`social.allowance-not-yet`, `social.support-other`)."""
    support_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        referral = open_file(practice.office, desk, referral_id, GIVING).referral
        refusal = refused(_status(desk, referral), asked.support)
        if refusal is not None:
            raise practice.rulebook.refused(refusal, pointer="/support")
        said = {"support": asked.support, "actor": asked.actor}
        desk.add(SupportGiven(support_id=support_id, referral_id=referral_id, at=at, **said))
        return Outcome(support_id)

    return await practice.perform(
        caller, Act(name="social.give-support", actor=asked.actor, referral_id=referral_id), work
    )


def _status(look: Look, referral: Referral) -> Status | None:
    decided = look.find(StatusTurn, referral_id=referral.referral_id)
    return status_now(((one.number, one.status) for one in decided), said=referral.facts.get("trafficking_status"))


def shown_standing(practice: Practice, look: Look, referral_id: str) -> dict[str, Any]:
    """Return her status with how it came about, what it gives with its basis, what was given, and what to offer."""
    referral = look.get(Referral, referral_id)
    status = None if referral is None else _status(look, referral)
    reception = look.get(Reception, referral_id)
    turns = sorted(look.find(StatusTurn, referral_id=referral_id), key=lambda one: one.number)
    issue = reception is not None and reception.offence_or_immigration
    return {
        "referral_id": referral_id,
        "status": status,
        "received_at": None if reception is None else reception.at,
        "statuses": [
            {"status": one.status, "decided_by": one.decided_by, "at": one.at, "actor": one.actor} for one in turns
        ],
        "entitlements": []
        if status is None
        else [
            {
                "support": one.support,
                "given": one.given,
                "rule": one.rule,
                "basis": practice.rulebook.basis(one.rule).citation,
            }
            for one in entitlements(status)
        ],
        "given": [
            {"support": one.support, "at": one.at, "actor": one.actor}
            for one in look.find(SupportGiven, referral_id=referral_id)
        ],
        "offers": [] if status is None else offers(status, offence_or_immigration=issue),
    }


def _latest(look: Look, referral_id: str) -> StatusTurn | None:
    return max(look.find(StatusTurn, referral_id=referral_id), key=lambda one: one.number, default=None)


def _turn(
    referral_id: str, latest: StatusTurn | None, status: Status, decided_by: Decider, *, actor: str, at: str
) -> StatusTurn:
    number = 1 if latest is None else latest.number + 1
    return StatusTurn(
        key=f"{referral_id}/{number}",
        referral_id=referral_id,
        number=number,
        status=status,
        decided_by=decided_by,
        at=at,
        actor=actor,
    )
