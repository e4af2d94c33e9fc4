"""Evidence with her consent: what she agrees to, who examines her, what is taken (R-21, R-01)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from services.health.acts.windows import told_of
from services.health.messages.forensic import ExaminationRequest, ForensicConsentRequest, SpecimenRequest
from services.health.records import Examination, ForensicConsent, SpecimenTaken
from services.health.rules.forensic import Part, agreed, part_for, wrong_examiner
from services.health.rules.windows import TIME_AHEAD, load_windows, start_of
from shared.agency.acting import Caller
from shared.agency.assigning import check_colleague
from shared.agency.ports import Desk, Look
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, open_file
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire

#: The services in whose files evidence may stand.
FORENSIC: Final = frozenset({"HEA-02", "HEA-03"})
NO_CONSENT: Final = "health.forensic-consent"


async def ask_consent(practice: Practice, caller: Caller, referral_id: str, asked: ForensicConsentRequest) -> Done:
    """Record her answer about evidence; agreeing to nothing is an answer, and the latest one counts (R-21).

    Raises as `open_file`, and `InputRejected` (`health.forensic-told`) where she was not told that treatment goes on.
    """
    consent_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, FORENSIC, when=When.KEPT)
        if not asked.told_treatment_does_not_depend:
            raise practice.rulebook.refused("health.forensic-told", pointer="/told_treatment_does_not_depend")
        said = {"parts": sorted(asked.parts()), "form": asked.form, "given_by": asked.given_by}
        content = file.lock(_consent_place(consent_id), said)
        desk.add(
            ForensicConsent(
                consent_id=consent_id, referral_id=referral_id, answered_at=at, actor=asked.actor, content=content
            )
        )
        return Outcome(consent_id)

    return await practice.perform(
        caller, Act(name="health.ask-forensic-consent", actor=asked.actor, referral_id=referral_id), work
    )


async def examine(practice: Practice, caller: Caller, referral_id: str, asked: ExaminationRequest) -> Done:
    """Record a forensic examination; refuses one without her consent or choice (R-21, R-01).

    Raises as `open_file`, and `ConsentRequired` (`referral.blocked`) for an examiner from whom she is kept (R-11).
    """
    examination_id, now, examiner = practice.new_id(), practice.now(), asked.choice()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, FORENSIC)
        check_colleague(practice.office, desk, file.referral, asked.examiner)
        require_consent(practice, desk, file, Part.EXAMINATION)
        refusal = wrong_examiner(examiner, file.referral.preferences.get("staff_gender"))
        if refusal is not None:
            raise practice.rulebook.refused(refusal)
        _refuse_ahead(practice, asked.examined_at, now, "/examined_at")
        said = {"by": asked.examiner, "gender": examiner.gender, "her_answer": examiner.her_answer}
        content = file.lock(_examination_place(examination_id), said)
        desk.add(
            Examination(
                examination_id=examination_id,
                referral_id=referral_id,
                examined_at=to_wire(asked.examined_at),
                actor=asked.actor,
                content=content,
            )
        )
        return Outcome(examination_id)

    return await practice.perform(caller, Act(name="health.examine", actor=asked.actor, referral_id=referral_id), work)


async def take_specimen(practice: Practice, caller: Caller, referral_id: str, taken: SpecimenRequest) -> Done:
    """Record a specimen. Raises as `open_file`; refuses one without her consent (R-21) or without an examination.

    One taken after its usual time is recorded and marked as such: laboratories differ, and nothing is thrown away.
    """
    specimen_id, now = practice.new_id(), practice.now()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, FORENSIC)
        require_consent(practice, desk, file, part_for(taken.kind))
        if not desk.find(Examination, referral_id=referral_id):
            raise practice.rulebook.refused("health.examination-first")
        _refuse_ahead(practice, taken.collected_at, now, "/collected_at")
        said = {
            "kind": taken.kind,
            "seal": taken.seal,
            "kept_at": taken.kept_at,
            "outside_window": _is_late(practice, desk, file, taken, now),
        }
        desk.add(
            SpecimenTaken(
                specimen_id=specimen_id,
                referral_id=referral_id,
                collected_at=to_wire(taken.collected_at),
                actor=taken.actor,
                content=file.lock(specimen_place(specimen_id), said),
            )
        )
        return Outcome(specimen_id)

    return await practice.perform(
        caller, Act(name="health.take-specimen", actor=taken.actor, referral_id=referral_id), work
    )


def parts_of(file: CaseFile, look: Look) -> frozenset[Part] | None:
    """Return the parts of evidence she agreed to last; None when nobody asked her yet."""
    answers: Sequence[ForensicConsent] = look.find(ForensicConsent, referral_id=file.referral.referral_id)
    if not answers:
        return None
    said = file.unlock(_consent_place(answers[-1].consent_id), answers[-1].content)
    return frozenset(Part(part) for part in said["parts"])


def require_consent(practice: Practice, look: Look, file: CaseFile, part: Part) -> None:
    """Refuse a forensic act without her consent to that part (R-21). Raises `Conflict` (`health.forensic-consent`)."""
    if not agreed(parts_of(file, look), part):
        raise practice.rulebook.refused(NO_CONSENT)


def shown_specimen(file: CaseFile | None, specimen: SpecimenTaken) -> dict[str, Any]:
    """Return a specimen as routes show it; only when it was collected and by whom once the referral was sealed off."""
    said = {} if file is None else file.unlock(specimen_place(specimen.specimen_id), specimen.content)
    return {
        "id": specimen.specimen_id,
        "collected_at": specimen.collected_at,
        "actor": specimen.actor,
        **{name: said.get(name) for name in ("kind", "seal", "kept_at", "outside_window")},
    }


def specimen_place(specimen_id: str) -> str:
    """Return where a specimen stands in its file."""
    return f"specimen/{specimen_id}"


def _is_late(practice: Practice, look: Look, file: CaseFile, taken: SpecimenRequest, now: datetime) -> bool:
    window = load_windows()[taken.kind]
    _, start = start_of(window, told_of(file, look).story, now=now)
    return start is not None and taken.collected_at > practice.rulebook.due(window.rule, start)


def _refuse_ahead(practice: Practice, at: datetime, now: datetime, pointer: str) -> None:
    if at > now:
        raise practice.rulebook.refused(TIME_AHEAD, pointer=pointer)


def _consent_place(consent_id: str) -> str:
    return f"forensic-consent/{consent_id}"


def _examination_place(examination_id: str) -> str:
    return f"examination/{examination_id}"
