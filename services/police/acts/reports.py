"""Crime reports: taken with her rights, passed on, classified and decided against the clocks of the law.

The clocks of the procedure run from the moment the report came, and from the sending of the referral at the latest:
24 hours to pass it on (48 from a remote commune), 24 to classify it, 20 days to decide. No act makes one longer.
"""

from typing import Any, Final

from services.police.acts import at_latest_sent, heed, heed_times, start_duty, unlocked
from services.police.messages.reports import (
    ClassificationRequest,
    CrimeReportDecision,
    CrimeReportRequest,
    TransferRequest,
)
from services.police.records import CrimeReport
from services.police.rules.interviews import is_child
from services.police.rules.reports import badly_answered, not_her_decision, without_rights
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, open_file, record_of
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire
from shared.sop.model import LegalBasisKind

REPORTS: Final = frozenset({"POL-03"})
_TRANSFER: Final = ("POL-03", "VN-CR-01")
_CLASSIFY: Final = "VN-CR-02"
_DECIDE: Final = ("POL-03", "VN-CR-03")


async def take_report(practice: Practice, caller: Caller, referral_id: str, asked: CrimeReportRequest) -> Done:
    """Take a report; three clocks run. Raises `police.report-her-decision` (R-10), `police.report-rights`."""
    report_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, REPORTS)
        if desk.find(CrimeReport, referral_id=referral_id):
            raise practice.rulebook.refused("police.decided-already")
        _check(practice, file.referral, asked)
        desk.add(
            CrimeReport(
                report_id=report_id,
                referral_id=referral_id,
                received_at=to_wire(asked.received_at),
                channel=asked.channel,
                own_decision=asked.own_decision,
                actor=asked.actor,
            )
        )
        since = at_latest_sent(file.referral, asked.received_at)
        start_duty(practice, desk, file.referral, report_id, _TRANSFER, since=since)
        start_duty(practice, desk, file.referral, report_id, _DECIDE, since=since)
        due = practice.rulebook.due(_CLASSIFY, since)
        start_clock(desk, referral_id, report_id, _CLASSIFY, started_at=since, due_at=due)
        return Outcome(report_id)

    act = Act(name="police.take-report", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def _check(practice: Practice, referral: Referral, asked: CrimeReportRequest) -> None:
    heed_times(practice, ("/received_at", asked.received_at))
    by_duty = referral.basis.get("kind") == LegalBasisKind.LEGAL_OBLIGATION
    child = is_child(referral.age_band)
    heed(practice, not_her_decision(own_decision=asked.own_decision, by_duty=by_duty, child=child))
    heed(practice, without_rights(rights_told=asked.rights_told))


async def pass_on(practice: Practice, caller: Caller, referral_id: str, report_id: str, asked: TransferRequest) -> Done:
    """Record that a report was passed on to the body that investigates."""

    def work(desk: Desk) -> Outcome:
        _, report = _report(practice, desk, referral_id, report_id)
        heed_times(practice, ("/received_at", from_wire(report.received_at)), ("/passed_on_at", asked.passed_on_at))
        desk.change(report, passed_on_at=to_wire(asked.passed_on_at), passed_on_to=asked.to)
        stop_clock(desk, report_id, _TRANSFER[1], at=asked.passed_on_at)
        return Outcome(report_id)

    act = Act(name="police.pass-report-on", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def classify(
    practice: Practice, caller: Caller, referral_id: str, report_id: str, asked: ClassificationRequest
) -> Done:
    """Record what a report is, and whose it is."""

    def work(desk: Desk) -> Outcome:
        _, report = _report(practice, desk, referral_id, report_id)
        heed_times(practice, ("/received_at", from_wire(report.received_at)), ("/classified_at", asked.classified_at))
        desk.change(report, classified_at=to_wire(asked.classified_at), competence=asked.competence)
        stop_clock(desk, report_id, _CLASSIFY, at=asked.classified_at)
        return Outcome(report_id)

    act = Act(name="police.classify-report", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def decide_report(
    practice: Practice, caller: Caller, referral_id: str, report_id: str, asked: CrimeReportDecision
) -> Done:
    """Record what was decided on a report. Raises `police.report-reasons`, `police.decided-already`."""

    def work(desk: Desk) -> Outcome:
        file, report = _report(practice, desk, referral_id, report_id)
        if report.found is not None:
            raise practice.rulebook.refused("police.decided-already")
        heed(practice, badly_answered(asked.found, reasons=asked.reasons, complaint_told=asked.complaint_told))
        heed_times(practice, ("/received_at", from_wire(report.received_at)), ("/decided_at", asked.decided_at))
        reasons = None if asked.reasons is None else file.lock(_place(report_id), asked.reasons)
        desk.change(report, found=asked.found, decided_at=to_wire(asked.decided_at), reasons=reasons)
        stop_clock(desk, report_id, _DECIDE[1], at=asked.decided_at)
        return Outcome(report_id)

    act = Act(name="police.decide-report", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def _report(practice: Practice, desk: Desk, referral_id: str, report_id: str) -> tuple[CaseFile, CrimeReport]:
    file = open_file(practice.office, desk, referral_id, REPORTS)
    return file, record_of(desk, CrimeReport, report_id, referral_id)


def shown_report(practice: Practice, look: Look, report_id: str) -> dict[str, Any]:
    """Return a report as its routes answer it."""
    one = look.get(CrimeReport, report_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": report_id,
        "referral_id": one.referral_id,
        "received_at": one.received_at,
        "channel": one.channel,
        "own_decision": one.own_decision,
        "passed_on_at": one.passed_on_at,
        "passed_on_to": one.passed_on_to,
        "classified_at": one.classified_at,
        "competence": one.competence,
        "found": one.found,
        "decided_at": one.decided_at,
        "reasons": unlocked(practice, look, one.referral_id, _place(report_id), one.reasons),
    }


def _place(report_id: str) -> str:
    return f"crime-report/{report_id}"
