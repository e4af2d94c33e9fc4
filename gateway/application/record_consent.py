"""Register a consent: what she agreed to, as her agency recorded and signed it. A derived one only narrows.

Who gave it must be somebody who may at her age, as far as the consent states it (`Sop.ages`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.application.lineage import DEEPEST, consent_lineage
from gateway.application.outcome import About, Admitted, Outcome, admitted, decided, receipt
from gateway.application.ports import Desk
from gateway.application.views import consent_view
from gateway.domain.arrival import Arrival
from shared.consent.citation import by_consent
from shared.consent.giving import giving_faults
from shared.consent.grant import Consent
from shared.consent.narrowing import check_narrower, wider_places
from shared.kernel.errors import ConsentRequired, FieldFault, InputRejected
from shared.sop.model import Sop


@dataclass(frozen=True, slots=True)
class ConsentRecorded:
    """A signed consent as it arrived; `statement` is in which form (language, witness ...)."""

    arrival: Arrival
    consent: Consent
    statement: Mapping[str, Any]


def record_consent(desk: Desk, command: ConsentRecorded, *, sop: Sop) -> Outcome:
    """Admit or refuse one consent."""
    return decided(
        desk,
        command.arrival,
        lambda: _admit(desk, command, sop),
        about=lambda: About(consent_id=command.consent.derived_from),
    )


def _admit(desk: Desk, command: ConsentRecorded, sop: Sop) -> Admitted:
    arrival, consent = command.arrival, command.consent
    _check_validity(desk, consent)
    _check_services(consent, sop)
    lineage = _parents(desk, consent, sop)
    _check_derivation(consent, lineage, sop)
    _check_giving(consent, lineage, sop)
    recorded = desk.record(
        "consent",
        arrival.sender,
        message_id=arrival.message_id,
        message_sha256=arrival.sha256,
        consent_id=consent.id,
        state=consent.state(desk.at).value,
        trace_id=arrival.trace_id,
    )
    desk.add_consent(consent, statement=command.statement)
    shown = consent_view(consent, state=consent.state(desk.at).value)
    outcome = admitted({"consent": shown, "receipt": receipt(arrival, recorded)})
    desk.store_message(arrival, recorded=recorded, answer=outcome.answer, referral_id=None, deliver=False)
    return outcome


def _check_validity(desk: Desk, consent: Consent) -> None:
    if consent.valid_to <= consent.valid_from:
        raise _invalid("/valid_to", "consent.validity", "valid_to must be later than valid_from.")
    if consent.valid_to <= desk.at:
        raise _invalid(
            "/valid_to", "consent.validity", "This consent has already ended. Ask her again and record it anew."
        )


def _check_services(consent: Consent, sop: Sop) -> None:
    for position, grant in enumerate(consent.grants):
        if not grant.service_types <= sop.services.keys():
            raise _invalid(
                f"/grants/{position}/service_types",
                "sop.service-unknown",
                "No such service type; see GET /v1/sop/service-types.",
            )


def _parents(desk: Desk, consent: Consent, sop: Sop) -> Sequence[Consent]:
    """Return the consents that this one was derived from, nearest first."""
    if consent.derived_from is None:
        return ()
    lineage = consent_lineage(desk, consent.derived_from)
    if not lineage:
        code, message = "consent.missing", "The consent this one is derived from is not registered."
        faults, reasons = [FieldFault("/derived_from", code, message)], [by_consent(code, sop)]
        raise ConsentRequired(code, message, faults=faults, reasons=reasons)
    if len(lineage) >= DEEPEST:
        raise _invalid("/derived_from", "consent.too-deep", "Derive from an earlier consent; this line is too long.")
    return lineage


def _check_giving(consent: Consent, lineage: Sequence[Consent], sop: Sop) -> None:
    """Refuse what nobody could rely on later. A consent that states no age is checked with each referral's."""
    line = [consent.given, *(parent.given for parent in lineage)]
    reasons = list(giving_faults(line, age_band=None, guardian_unsafe=False, rules=sop.ages))
    if reasons:
        message = "Whoever gave this may not consent for her, or not so; the reasons name the rule of her age."
        raise ConsentRequired(reasons[0].code, message, reasons=reasons)


def _check_derivation(consent: Consent, lineage: Sequence[Consent], sop: Sop) -> None:
    if not lineage:
        return
    reasons = check_narrower(consent, lineage[0], deriver=consent.recorder, sop=sop)
    if reasons:
        message = "A derived consent may only narrow what she agreed to; see reasons, and errors for where it does not."
        advice = "Write here no more than the consent above allows."
        places = wider_places(consent, lineage[0], deriver=consent.recorder)
        faults = [FieldFault(place, reasons[0].code, advice) for place in places]
        raise ConsentRequired(reasons[0].code, message, faults=faults, reasons=reasons)


def _invalid(pointer: str, code: str, message: str) -> InputRejected:
    return InputRejected(code, message, faults=[FieldFault(pointer, code, message)])
