"""What the rules of health services say of the steps of a referral's lifecycle.

A guard refuses only what the record contradicts: who keeps no record here is held up by nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from services.health.records import Certificate, HandOver, SpecimenTaken
from services.health.rules.certificates import HERS_FIRST, may_leave
from services.health.rules.custody import To
from shared.agency.ports import Look
from shared.agency.records import SectorClock
from shared.agency.sector.guards import Guard, Step
from shared.agency.sector.rulebook import Rulebook
from shared.sop.model import EventType

#: Outcomes that say that something was given, and the rule of the clock that its record stops.
_GIVEN: Final[Mapping[str, str]] = {"pep_started": "HEA-PEP-START", "ec_given": "HEA-EC"}


def care_is_on_record(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse an outcome that says a dose was given while its clock still runs (`health.dose-missing`)."""
    rule = _GIVEN.get(_outcome(step, "HEA-02"))
    if rule is not None and any(
        clock.rule == rule and clock.stopped_at is None
        for clock in look.find(SectorClock, referral_id=step.referral.referral_id)
    ):
        raise rulebook.refused("health.dose-missing", pointer="/outcome")
    return {}


def evidence_is_on_record(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse an outcome that the specimens and hand-overs of the case contradict."""
    outcome = _outcome(step, "HEA-03")
    if outcome not in {"handed_to_police", "not_done"}:
        return {}
    referral_id = step.referral.referral_id
    if not look.find(SpecimenTaken, referral_id=referral_id):
        return {}
    if outcome == "not_done":
        raise rulebook.refused("health.evidence-on-record", pointer="/outcome")
    if not look.find(HandOver, referral_id=referral_id, handed_to=To.POLICE.value):
        raise rulebook.refused("health.hand-over-missing", pointer="/outcome")
    return {}


def certificate_is_hers(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse to complete a certificate that lies here while she has not got it (`health.certificate-hers-first`)."""
    if _outcome(step, "HEA-04") == "issued":
        certificates = look.find(Certificate, referral_id=step.referral.referral_id)
        if certificates and not may_leave((one.given_to_her_at, one.sent_first_at) for one in certificates):
            raise rulebook.refused(HERS_FIRST, pointer="/outcome")
    return {}


def _outcome(step: Step, service_type: str) -> str:
    """Return the outcome with which a referral of a service is completed; nothing for any other step."""
    completes = step.event is EventType.COMPLETED and step.referral.service_type == service_type
    return str(step.data.get("outcome", "")) if completes else ""


#: Asked in this order before a step is signed.
GUARDS: Final[tuple[Guard, ...]] = (care_is_on_record, evidence_is_on_record, certificate_is_hers)
