"""Admit a referral: procedure, consent, conflict, halves, clocks, ledger, delivery, in one unit of work."""

from collections.abc import Mapping, Sequence

from gateway.application.lineage import ends_at, lineage_of
from gateway.application.open_override import open_override
from gateway.application.outcome import About, Admitted, Outcome, admitted, decided, receipt
from gateway.application.ports import Desk
from gateway.application.related import continued, deciders, linked, names_own_chain, remembering
from gateway.application.replacing import replaced, stand_in
from gateway.application.sealing import check_sealed_for, halves_of, receiving_agency
from gateway.application.statements import answer_request, named_request, statements_before
from gateway.application.use_lease import named_lease, use_lease
from gateway.application.views import referral_answer
from gateway.domain.agency import Agency
from gateway.domain.arrival import ReferralSent
from gateway.domain.clocks import first_due_times
from gateway.domain.lease import Lease
from gateway.domain.override import access_ends_at
from gateway.domain.referral import Half, Referral
from gateway.domain.statement import StatementRequest
from shared.consent.decision import decide
from shared.consent.grant import Consent
from shared.consent.request import ConsentBasis, Disclosure
from shared.kernel.clock import to_wire
from shared.kernel.errors import ConsentRequired, FieldFault, InputRejected
from shared.kernel.values import value
from shared.referral.blocked import is_blocked
from shared.sop.model import Compartment, EventType, ReferralState, Sop

COMMUNE_DIGITS = 5

#: In these states a recipient no longer acts on a referral, so it may not refer onward from it.
_NOT_ACTING = frozenset(
    {
        ReferralState.DECLINED,
        ReferralState.WITHDRAWN,
        ReferralState.REVOKED,
        ReferralState.CANCELLED,
        ReferralState.EXPIRED,
        ReferralState.ENTERED_IN_ERROR,
    }
)


@value
class _Named:
    """What a referral names and uses up: a held place, a request for a statement, the place of one nobody took."""

    lease: Lease | None
    request: StatementRequest | None
    before: Referral | None


def send_referral(desk: Desk, command: ReferralSent, *, sop: Sop) -> Outcome:
    """Admit or refuse one referral.

    The steps: (1) the procedure knows the service and its labels; (2) the recipient takes part and the seal is
    for its key; (3) the chain is the sender's; (4) consent or legal basis and the procedure permit it;
    (5) it is recorded, kept with its halves and due times, and queued.
    """
    return decided(desk, command.arrival, lambda: _admit(desk, command, sop), about=lambda: _about(desk, command))


def _admit(desk: Desk, command: ReferralSent, sop: Sop) -> Admitted:
    arrival = command.arrival
    _check_procedure(desk, command, sop)  # (1)
    recipient = receiving_agency(desk, arrival.recipient)  # (2)
    check_sealed_for(recipient, command.sealed_for)
    halves = halves_of(command.compartments, arrival.hub_shares)
    parent, before = continued(desk, command), replaced(desk, command)  # (3)
    blocked = command.blocked.union(*[one.blocked for one in (parent, before, linked(desk, command)) if one])
    command = remembering(command, parent, before)
    lineage = lineage_of(desk, command.basis)  # (4)
    who = (recipient.id, *deciders(command, lineage)) if blocked else ()
    kept_from = is_blocked(blocked, chain_id=command.chain_id, who=who)
    disclosure = _disclosure(desk, command, recipient=recipient, parent=parent, blocked=kept_from)
    decision = decide(disclosure, lineage=lineage, sop=sop, at=desk.at)
    if not decision.permitted:
        raise ConsentRequired(
            decision.reasons[0].code,
            "Consent, its legal basis or the procedure does not carry this referral; the reasons say which rule.",
            reasons=decision.reasons,
        )
    named = _Named(named_lease(desk, command), named_request(desk, command), before)
    told = statements_before(desk, command, sop=sop)
    referral = _referral(desk, command, blocked=blocked, halves=halves, lineage=lineage, sop=sop)
    return _keep(desk, command, referral, named=named, told=told, sop=sop)


def _referral(
    desk: Desk,
    command: ReferralSent,
    *,
    blocked: frozenset[str],
    halves: Mapping[Compartment, Half],
    lineage: Sequence[Consent],
    sop: Sop,
) -> Referral:
    return Referral(
        referral_id=command.referral_id,
        chain_id=command.chain_id,
        parent_id=command.parent_id,
        sender=command.arrival.sender,
        recipient=str(command.arrival.recipient),
        subject=command.subject,
        service_type=command.service_type,
        urgency=command.urgency,
        staff_gender=command.staff_gender,
        state=ReferralState.SENT,
        age_band=command.age_band,
        basis=command.basis,
        basis_expires_at=ends_at(lineage) or access_ends_at(command.basis, at=desk.at, rules=sop.overrides),
        blocked=blocked,
        halves=halves,
        due=first_due_times(command, received_at=desk.at, sop=sop),
        sent_at=to_wire(command.arrival.sent_at),
        received_at=to_wire(desk.at),
        incident_at=None if command.incident_at is None else to_wire(command.incident_at),
        remote_area=command.in_remote_area,
        reroute_if_expired=command.facts.get("reroute_if_expired") is True,
        linked_id=command.linked_id,
        guardian_unsafe=command.guardian_unsafe,
        reroute_if_declined=command.facts.get("reroute_if_declined") is True,
        replaces=command.replaces,
    )


def _keep(desk: Desk, command: ReferralSent, referral: Referral, *, named: "_Named", told: int, sop: Sop) -> Admitted:
    arrival = command.arrival
    recorded = desk.record(  # (5)
        "referral",
        arrival.sender,
        message_id=arrival.message_id,
        message_sha256=arrival.sha256,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        consent_id=referral.consent_id,
        code=referral.service_type,
        state=str(referral.state),
        trace_id=arrival.trace_id,
    )
    desk.add_referral(referral)
    open_override(desk, referral, sop=sop, trace_id=arrival.trace_id)
    if named.before is not None:
        stand_in(desk, named.before, referral)
    if named.lease is not None:
        use_lease(desk, named.lease, command)
    if named.request is not None:
        answer_request(desk, named.request, command)
    shown = referral_answer(referral, sop=sop, statements=0 if named.request else told)
    outcome = admitted({"referral": shown, "receipt": receipt(arrival, recorded)})
    desk.store_message(
        arrival, recorded=recorded, answer=outcome.answer, referral_id=referral.referral_id, deliver=True
    )
    return outcome


def _check_procedure(desk: Desk, command: ReferralSent, sop: Sop) -> None:
    if command.sop_version != sop.version:
        raise _invalid("/sop", "sop.version", "This gateway speaks another version of the procedure; see GET /v1/sop.")
    service = sop.services.get(command.service_type)
    if service is None:
        raise _invalid("/service_type", "sop.service-unknown", "No such service type; see GET /v1/sop/service-types.")
    if not desk.area_exists(command.area):
        raise _invalid("/area", "area.unknown", "No such area. Use a province of 2 digits or a commune of 5 digits.")
    stages = service.stages[command.urgency]
    for position, label in enumerate(command.compartments):
        if label.stage is not stages.get(label.name, label.stage):
            message = "The procedure opens this compartment at another stage; see the service type."
            raise _invalid(f"/compartments/{position}/stage", "sop.stage", message)


def _invalid(pointer: str, code: str, message: str) -> InputRejected:
    return InputRejected(code, message, faults=[FieldFault(pointer, code, message)])


def _disclosure(
    desk: Desk, command: ReferralSent, *, recipient: Agency, parent: Referral | None, blocked: bool
) -> Disclosure:
    sender = desk.agency(command.arrival.sender)
    return Disclosure(
        sender=command.arrival.sender,
        sender_sectors=sender.sectors if sender else frozenset(),
        recipient=recipient.id,
        recipient_services=recipient.services,
        recipient_areas=recipient.areas,
        subject=command.subject,
        service_type=command.service_type,
        urgency=command.urgency,
        phoned_first=command.phoned_first,
        age_band=command.age_band,
        area=command.area,
        area_province=desk.province_of(command.area) if len(command.area) == COMMUNE_DIGITS else None,
        facts=command.facts,
        compartments=frozenset([label.name for label in command.compartments]),
        basis=command.basis,
        holds_parent=holds_case(parent, sender=command.arrival.sender, subject=command.subject),
        blocked=blocked,
    )


def holds_case(parent: Referral | None, *, sender: str, subject: str) -> bool:
    """Say whether the sender acts on a referral of the same person, so that it may use what came with it."""
    return parent is not None and parent.recipient == sender and parent.subject == subject and _acts_on(parent)


def _acts_on(referral: Referral) -> bool:
    """Say whether its recipient may go on with it. Closing the loop gives nobody a case it had not, or gave back."""
    if referral.state is ReferralState.CLOSED:
        return referral.clocks.accepted_at is not None and EventType.DECLINED not in referral.counts
    return referral.state not in _NOT_ACTING


def _consent_id(command: ReferralSent) -> str | None:
    return command.basis.consent_id if isinstance(command.basis, ConsentBasis) else None


def _about(desk: Desk, command: ReferralSent) -> About:
    """Name the chain of a refused referral only when it is the sender's own, so nobody writes into another's."""
    return About(
        referral_id=command.referral_id,
        chain_id=command.chain_id if names_own_chain(desk, command) else None,
        consent_id=_consent_id(command),
    )
