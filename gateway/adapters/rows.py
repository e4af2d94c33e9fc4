"""Rows to domain values and back, by hand: a table model does not validate, and rows never leave here.

Codes are written as plain text (`str` of one, which is quicker than its `value`): to write JSON from members of an
enumeration takes twenty times as long.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select

from gateway.domain.agency import Agency, AgencyStatus, Availability
from gateway.domain.referral import ClockRecord, DueTime, Half, HalfState, Pause, Referral
from shared.consent.giving import decision_document, giving_document, read_decision, read_giving
from shared.consent.grant import Consent, Grant, Taking
from shared.consent.request import ConsentBasis, OtherBasis
from shared.kernel.clock import from_wire, to_wire
from shared.sop.model import (
    AgeBand,
    ClockPhase,
    Compartment,
    EventType,
    LegalBasisKind,
    ReferralState,
    Stage,
    Urgency,
)

Row = Mapping[str, Any]


def fetch(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    """Run a query and return its rows by column name."""
    return [row._asdict() for row in connection.execute(statement)]


def agency_of(row: Row) -> Agency:
    """Read an agency. Its webhook secret stays in the row."""
    return Agency(
        id=row["id"],
        name_vi=row["name_vi"],
        name_en=row["name_en"],
        sectors=frozenset(row["sectors"]),
        areas=frozenset(row["areas"]),
        services=frozenset(row["services"]),
        hours=row["hours"],
        base_url=row["base_url"],
        jwks=row["jwks"],
        status=AgencyStatus(row["status"]),
        revision=row["revision"],
        protected=row["protected"],
        sample=row["sample"],
    )


def availability_of(row: Row) -> Availability:
    """Read what an agency said of one of its services."""
    return Availability(
        agency_id=row["agency_id"],
        service_type=row["service_type"],
        accepting=row["accepting"],
        capacity=row["capacity"],
        staff_genders=frozenset(row["staff_genders"]),
        languages=frozenset(row["languages"]),
        interpreter_languages=frozenset(row["interpreter_languages"]),
        disability_access=row["disability_access"],
        children_welcome=row["children_welcome"],
        updated_at=row["updated_at"],
    )


def consent_of(row: Row) -> Consent:
    """Read a consent with everything that was taken back of it."""
    return Consent(
        id=row["id"],
        subject=row["subject"],
        recorder=row["recorder"],
        recorded_at=from_wire(row["recorded_at"]),
        valid_from=from_wire(row["valid_from"]),
        valid_to=from_wire(row["valid_to"]),
        purposes=frozenset(row["purposes"]),
        grants=tuple(_grant_of(grant) for grant in row["grants"]),
        withheld=frozenset(map(Compartment, row["withheld"])),
        derived_from=row["derived_from"],
        takings=tuple(_taking_of(taking) for taking in row["takings"]),
        given=read_giving(row["statement"]),
    )


def consent_row(consent: Consent, statement: Mapping[str, Any]) -> dict[str, Any]:
    """Write a consent."""
    return {
        "id": consent.id,
        "subject": consent.subject,
        "recorder": consent.recorder,
        "recorded_at": to_wire(consent.recorded_at),
        "valid_from": to_wire(consent.valid_from),
        "valid_to": to_wire(consent.valid_to),
        "purposes": sorted(consent.purposes),
        "grants": [grant_row(grant) for grant in consent.grants],
        "withheld": sorted(consent.withheld),
        "derived_from": consent.derived_from,
        "takings": [taking_row(taking) for taking in consent.takings],
        "statement": {**statement, **giving_document(consent.given)},
    }


def grant_row(grant: Grant) -> dict[str, Any]:
    """Write a grant in the form of the wire."""
    return {
        "recipients": sorted(grant.recipients),
        "service_types": sorted(grant.service_types),
        "compartments": sorted(grant.compartments),
        "onward": grant.onward,
    }


def taking_row(taking: Taking) -> dict[str, Any]:
    """Write a taking."""
    return {
        "at": to_wire(taking.at),
        "by": taking.by,
        "recipients": None if taking.recipients is None else sorted(taking.recipients),
        "compartments": None if taking.compartments is None else sorted(taking.compartments),
    }


def referral_of(row: Row) -> Referral:
    """Read a referral."""
    return Referral(
        referral_id=row["referral_id"],
        chain_id=row["chain_id"],
        parent_id=row["parent_id"],
        sender=row["sender"],
        recipient=row["recipient"],
        subject=row["subject"],
        service_type=row["service_type"],
        urgency=Urgency(row["urgency"]),
        staff_gender=row["staff_gender"],
        state=ReferralState(row["state"]),
        age_band=AgeBand(row["age_band"]),
        basis=_basis_of(row["basis"]),
        basis_expires_at=row["basis_expires_at"],
        blocked=frozenset(row["blocked"]),
        halves={Compartment(name): Half(Stage(h[0]), HalfState(h[1]), h[2]) for name, h in row["halves"].items()},
        due={ClockPhase(phase): DueTime(*due) for phase, due in row["due"].items()},
        sent_at=row["sent_at"],
        received_at=row["received_at"],
        incident_at=row["incident_at"],
        remote_area=row["remote_area"],
        counts={EventType(event): count for event, count in row["counts"].items()},
        reroute_if_expired=row["reroute_if_expired"],
        clocks=_clocks_of(row["clocks"]),
        linked_id=row["linked_id"],
        guardian_unsafe=row["guardian_unsafe"],
        reroute_if_declined=row["reroute_if_declined"],
        replaces=row["replaces"],
        replaced_by=row["replaced_by"],
    )


def referral_row(referral: Referral) -> dict[str, Any]:
    """Write a referral."""
    return {
        "referral_id": referral.referral_id,
        "chain_id": referral.chain_id,
        "parent_id": referral.parent_id,
        "sender": referral.sender,
        "recipient": referral.recipient,
        "subject": referral.subject,
        "service_type": referral.service_type,
        "urgency": str(referral.urgency),
        "staff_gender": referral.staff_gender,
        "age_band": str(referral.age_band),
        "basis": _basis_row(referral.basis),
        "consent_id": referral.consent_id,
        "blocked": sorted(referral.blocked),
        "sent_at": referral.sent_at,
        "received_at": referral.received_at,
        "incident_at": referral.incident_at,
        "remote_area": referral.remote_area,
        "reroute_if_expired": referral.reroute_if_expired,
        "linked_id": referral.linked_id,
        "guardian_unsafe": referral.guardian_unsafe,
        "reroute_if_declined": referral.reroute_if_declined,
        "replaces": referral.replaces,
        **referral_changes(referral),
    }


def referral_changes(referral: Referral) -> dict[str, Any]:
    """Write what may change of a referral after it was sent."""
    return {
        "state": str(referral.state),
        "halves": {str(name): [str(half.stage), str(half.state), half.share] for name, half in referral.halves.items()},
        "due": {str(phase): [due.at, due.rule_id] for phase, due in referral.due.items()},
        "next_due_at": referral.next_due_at(),
        "basis_expires_at": referral.basis_expires_at,
        "lapses_at": referral.lapses_at(),
        "counts": {str(event): count for event, count in referral.counts.items()} if referral.counts else {},
        "replaced_by": referral.replaced_by,
        "clocks": _clocks_row(referral.clocks),
    }


def _clocks_of(clocks: Row) -> ClockRecord:
    return ClockRecord(
        accepted_at=clocks.get("accepted_at"),
        pauses={
            ClockPhase(phase): Pause(since, until, DueTime(*base))
            for phase, (since, until, base) in clocks.get("pauses", {}).items()
        },
        fired=frozenset(clocks.get("fired", ())),
    )


def _clocks_row(clocks: ClockRecord) -> dict[str, Any]:
    """Write what clocks remember; what they have nothing of is left out."""
    if not (clocks.accepted_at or clocks.pauses or clocks.fired):
        return {}
    pauses = {
        str(phase): [pause.since, pause.until, [pause.base.at, pause.base.rule_id]]
        for phase, pause in clocks.pauses.items()
    }
    facts = {"accepted_at": clocks.accepted_at, "pauses": pauses, "fired": sorted(clocks.fired)}
    return {name: value for name, value in facts.items() if value}


def _grant_of(grant: Row) -> Grant:
    return Grant(
        recipients=frozenset(grant["recipients"]),
        service_types=frozenset(grant["service_types"]),
        compartments=frozenset(map(Compartment, grant["compartments"])),
        onward=grant["onward"],
    )


def _taking_of(taking: Row) -> Taking:
    return Taking(
        at=from_wire(taking["at"]),
        by=taking["by"],
        recipients=None if taking["recipients"] is None else frozenset(taking["recipients"]),
        compartments=None if taking["compartments"] is None else frozenset(map(Compartment, taking["compartments"])),
    )


def _basis_of(basis: Row) -> ConsentBasis | OtherBasis:
    if basis["kind"] == LegalBasisKind.CONSENT:
        return ConsentBasis(basis["consent_id"])
    return OtherBasis(
        kind=LegalBasisKind(basis["kind"]),
        article=basis["article"],
        approver=basis["approver"],
        notify_unsafe=basis["notify_unsafe"],
        decision=read_decision(basis.get("decision")),
    )


def _basis_row(basis: ConsentBasis | OtherBasis) -> dict[str, Any]:
    if isinstance(basis, ConsentBasis):
        return {"kind": str(LegalBasisKind.CONSENT), "consent_id": basis.consent_id}
    row = {
        "kind": str(basis.kind),
        "article": basis.article,
        "approver": basis.approver,
        "notify_unsafe": basis.notify_unsafe,
    }
    return row if basis.decision is None else {**row, "decision": decision_document(basis.decision)}
