"""Certificates: issued, given to her, and only then sent on."""

from collections.abc import Sequence
from typing import Any, Final

from services.health.messages.certificates import (
    CertificateChoiceRequest,
    CertificateGivenRequest,
    CertificateRequest,
)
from services.health.records import Certificate
from services.health.rules.certificates import HERS_FIRST, may_leave
from services.health.rules.windows import TIME_AHEAD
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look, Reading
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, file_to_read, open_file, record_of
from shared.agency.sector.departures import Leaving, Stays
from shared.agency.sector.practice import Practice
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.clock import to_wire
from shared.sop.model import Compartment

CERTIFYING: Final = frozenset({"HEA-03", "HEA-04"})
#: The field of the forensic compartment in which a certificate travels.
FIELD: Final = "certificate"


async def issue(practice: Practice, caller: Caller, referral_id: str, issued: CertificateRequest) -> Done:
    """Record a certificate. Raises as `open_file`."""
    certificate_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, CERTIFYING)
        said = {"number": issued.number, "injury_rate_percent": issued.injury_rate_percent}
        desk.add(
            Certificate(
                certificate_id=certificate_id,
                referral_id=referral_id,
                subject=file.referral.subject,
                issued_at=at,
                actor=issued.actor,
                content=file.lock(_place(certificate_id), said),
            )
        )
        return Outcome(certificate_id)

    act = Act(name="health.issue-certificate", actor=issued.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def give_to_her(
    practice: Practice, caller: Caller, referral_id: str, certificate_id: str, given: CertificateGivenRequest
) -> Done:
    """Record that a certificate is in her hands. Raises as `open_file` and `record_of`."""
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        certificate = _open(practice, desk, referral_id, certificate_id)
        if given.given_at > now:
            raise practice.rulebook.refused(TIME_AHEAD, pointer="/given_at")
        desk.change(certificate, given_to_her_at=to_wire(given.given_at))
        return Outcome(certificate_id)

    act = Act(name="health.give-certificate", actor=given.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def choose(
    practice: Practice, caller: Caller, referral_id: str, certificate_id: str, chosen: CertificateChoiceRequest
) -> Done:
    """Record her choice: that it is sent before she has it, or not. Raises as `open_file` and `record_of`."""
    at = to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        certificate = _open(practice, desk, referral_id, certificate_id)
        desk.change(certificate, sent_first_at=at if chosen.send_first else None)
        return Outcome(certificate_id)

    act = Act(name="health.choose-certificate", actor=chosen.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def require_hers_first(leaving: Leaving, look: Look, rulebook: Rulebook) -> Sequence[Stays]:
    """Refuse to send a certificate before it is in her hands, or she chose so (`health.certificate-hers-first`)."""
    if FIELD in leaving.contents.get(Compartment.FORENSIC, {}):
        certificates = look.find(Certificate, subject=leaving.subject)
        if not may_leave((one.given_to_her_at, one.sent_first_at) for one in certificates):
            raise rulebook.refused(HERS_FIRST, pointer=f"/compartments/forensic/{FIELD}")
    return ()


def shown_certificates(practice: Practice, look: Reading, referral_id: str) -> list[dict[str, Any]]:
    """Return the certificates of a case, oldest first; without what they say once it was sealed off."""
    file = file_to_read(practice.office, look, referral_id)
    return [
        {
            "id": one.certificate_id,
            "issued_at": one.issued_at,
            "actor": one.actor,
            "given_to_her_at": one.given_to_her_at,
            "sent_first_at": one.sent_first_at,
            **({} if file is None else file.unlock(_place(one.certificate_id), one.content)),
        }
        for one in look.find(Certificate, referral_id=referral_id)
    ]


def _open(practice: Practice, desk: Desk, referral_id: str, certificate_id: str) -> Certificate:
    open_file(practice.office, desk, referral_id, CERTIFYING, when=When.KEPT)
    return record_of(desk, Certificate, certificate_id, referral_id)


def _place(certificate_id: str) -> str:
    return f"certificate/{certificate_id}"
