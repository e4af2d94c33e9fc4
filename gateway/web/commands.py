"""Signed messages of the wire, once parsed and authenticated, as the commands the use cases take."""

from typing import Any

from gateway.application.record_consent import ConsentRecorded
from gateway.domain.arrival import (
    Arrival,
    EventReported,
    NoteSent,
    OpeningAsked,
    ReferralSent,
    RevocationAsked,
)
from shared.kernel.errors import FieldFault, InputRejected
from shared.sop.model import Sop
from shared.wire.facts import check_facts
from shared.wire.mapping import basis_of, consent_of
from shared.wire.messages import ConsentV1, EventV1, NoteV1, OpeningV1, ReferralV1, RevocationV1


def referral_sent(message: ReferralV1, arrival: Arrival, *, sop: Sop) -> ReferralSent:
    """Make the command of a referral. Raises `InputRejected` for facts the procedure does not name, and for oneself."""
    if message.recipient == message.sender:
        text = "A referral is for another agency: nobody could acknowledge or open one's own."
        raise InputRejected("message.recipient", text, faults=[FieldFault("/recipient", "message.recipient", text)])
    check_facts(sop.facts, message.facts, pointer="/facts")
    return ReferralSent(
        arrival=arrival,
        sop_version=message.sop,
        referral_id=message.referral_id,
        chain_id=message.chain_id,
        parent_id=message.parent_id,
        subject=message.subject,
        service_type=message.service_type,
        urgency=message.urgency,
        incident_at=message.incident_at,
        area=message.area,
        age_band=message.age_band,
        staff_gender=message.preferences.staff_gender,
        facts=message.facts,
        basis=basis_of(message.basis),
        phoned_first=message.phoned_first,
        blocked=frozenset(message.blocked),
        sealed_for=message.sealed,
        compartments=message.compartments,
        linked_id=message.linked_id,
        replaces=message.replaces,
    )


def event_reported(message: EventV1, arrival: Arrival, *, sop: Sop, referral_id: str | None) -> EventReported:
    """Make the command of an event. Raises `InputRejected` for facts the procedure does not name."""
    check_facts(sop.event_facts, message.data, pointer="/data")
    return EventReported(
        arrival=arrival,
        referral_id=_one_id(message.referral_id, referral_id, "/referral_id"),
        type=message.type,
        at=message.at,
        actor=message.actor,
        data=message.data,
    )


def opening_asked(message: OpeningV1, arrival: Arrival, *, referral_id: str | None) -> OpeningAsked:
    """Make the command of an opening."""
    return OpeningAsked(
        arrival=arrival,
        referral_id=_one_id(message.referral_id, referral_id, "/referral_id"),
        compartments=tuple(message.compartments),
        actor=message.actor,
        reason=message.reason,
    )


def note_sent(message: NoteV1, arrival: Arrival, *, referral_id: str | None) -> NoteSent:
    """Make the command of a note."""
    return NoteSent(
        arrival=arrival,
        referral_id=_one_id(message.referral_id, referral_id, "/referral_id"),
        actor=message.actor,
        basis=None if message.basis is None else basis_of(message.basis),
        sealed_for=message.sealed,
        compartments=message.compartments,
    )


def consent_recorded(message: ConsentV1, arrival: Arrival) -> ConsentRecorded:
    """Make the command of a consent."""
    return ConsentRecorded(
        arrival=arrival,
        consent=consent_of(message),
        statement={
            "form": message.form,
            "language": message.language,
            "interpreter": message.interpreter,
            "witnessed": message.witnessed,
            "information_version": message.information_version,
            "evidence_sha256": message.evidence_sha256,
            "withheld": [{"compartment": w.compartment.value, "reason": w.reason} for w in message.withheld],
        },
    )


def revocation_asked(message: RevocationV1, arrival: Arrival, *, consent_id: str | None) -> RevocationAsked:
    """Make the command of a revocation."""
    return RevocationAsked(
        arrival=arrival,
        consent_id=_one_id(message.consent_id, consent_id, "/consent_id"),
        recipients=_set(message.recipients),
        compartments=_set(message.compartments),
        by=message.by,
    )


def _set(names: tuple[Any, ...] | None) -> frozenset[Any] | None:
    return None if names is None else frozenset(names)


def _one_id(in_body: str | None, in_path: str | None, pointer: str) -> str:
    """Return the id a message is about: signed in the body, stated by the path, or the same in both."""
    chosen = in_body or in_path
    if chosen is None or (in_body and in_path and in_body != in_path):
        message = "Sign the id of the record this message is about; it must be the one the message is posted to."
        raise InputRejected("message.about", message, faults=[FieldFault(pointer, "message.about", message)])
    return chosen


def prefetchable(kind: str, message: Any) -> list[tuple[str, str]]:
    """Return what a use case will read for this message: of which records, which id. A new one is not there yet."""
    match kind:
        case "referral":
            more = [
                ("agencies", message.recipient),
                ("consents", getattr(message.basis, "consent_id", None)),
                ("referrals", message.parent_id),
                ("referrals", message.linked_id),
                ("referrals", message.replaces),
            ]
        case "consent":
            more = [("consents", message.derived_from)]
        case "revocation":
            more = [("consents", message.consent_id)]
        case _:
            more = [
                ("agencies", getattr(message, "recipient", None)),
                ("referrals", message.referral_id),
                ("consents", getattr(getattr(message, "basis", None), "consent_id", None)),
            ]
    return [("messages", message.id), ("agencies", message.sender), *[(name, one) for name, one in more if one]]
