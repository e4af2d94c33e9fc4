"""A recipient that would ask her again asks the agency which holds her statement for it, as far as she agreed.

Nothing of the statement passes through here. The holder is told who may have it and in which compartments, and sends
it, if it does, as a referral of its own, which is checked like every other. Who holds it is not said before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.application.conflicts import check_not_kept_from
from gateway.application.lineage import consent_lineage
from gateway.application.outcome import About, Refused
from gateway.application.ports import Desk
from gateway.application.send_referral import holds_case
from gateway.application.statements import STATEMENT
from gateway.application.unsigned_acts import check_takes_part, recorded_either_way
from gateway.domain.referral import Referral
from gateway.domain.statement import Statement, StatementRequest, answer_due_at
from shared.consent.citation import CONFLICT_RULE, SCOPE_RULE, by_consent, by_rule, by_service
from shared.consent.scope import is_whole, may_send, scope_faults, standing_faults
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, ConsentRequired, NotFound, NotPermitted, Reason
from shared.referral.blocked import is_blocked
from shared.sop.model import Compartment, Party, Sop

#: The notice by which the holder hears of it.
NOTICE = "statement_requested"


@dataclass(frozen=True, slots=True)
class StatementAsked:
    """Somebody of a recipient asks for the statement that exists; `actor` is a pseudonym."""

    request_id: str
    referral_id: str
    by: str
    actor: str
    trace_id: str


def request_statement(desk: Desk, asked: StatementAsked, *, sop: Sop) -> StatementRequest | Refused:
    """Pass the request on to the holder, or refuse it; both are recorded."""
    return recorded_either_way(
        desk,
        lambda: _request(desk, asked, sop),
        kind=STATEMENT,
        by=asked.by,
        trace_id=asked.trace_id,
        about=lambda: _about(desk, asked),
    )


def _about(desk: Desk, asked: StatementAsked) -> About:
    referral = desk.referral(asked.referral_id)
    if referral is None or referral.party(asked.by) is None:
        return About()
    return About(referral_id=referral.referral_id, chain_id=referral.chain_id)


def _request(desk: Desk, asked: StatementAsked, sop: Sop) -> StatementRequest:
    referral = _asking(desk, asked, sop)
    known = desk.statements.request_for(referral.referral_id)
    if known is not None:
        return known
    told = desk.statements.told(referral.chain_id, referral.subject)
    held = [one for one in told if one.agency != referral.recipient]
    if not held:
        raise Conflict("statement.none", "No other agency holds a statement in this case; see statements.")
    statement, compartments = _permitted(desk, referral, held, sop)
    recorded = desk.record(
        STATEMENT,
        asked.by,
        message_id=asked.request_id,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        consent_id=referral.consent_id,
        code="requested",
        state=referral.state.value,
        trace_id=asked.trace_id,
    )
    request = StatementRequest(
        id=asked.request_id,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        agency=referral.recipient,
        holder=statement.agency,
        held=statement.referral_id,
        compartments=compartments,
        asked_at=to_wire(desk.at),
        due_at=answer_due_at(desk.at, sop=sop),
        ledger_index=recorded.index,
    )
    desk.statements.ask(request)
    _tell(desk, request, referral, trace_id=asked.trace_id)
    return request


def _asking(desk: Desk, asked: StatementAsked, sop: Sop) -> Referral:
    check_takes_part(desk, asked.by)
    referral = desk.referral(asked.referral_id)
    if referral is None or referral.party(asked.by) is None:
        raise NotFound("referral.unknown", "No such referral of your agency.")
    if referral.party(asked.by) is not Party.RECIPIENT:
        raise NotPermitted("referral.not-recipient", "Only the recipient of a referral asks for what it would need.")
    check_not_kept_from(desk, referral, agency=asked.by, actor=asked.actor, sop=sop)
    if referral.has_ended:
        raise Conflict("referral.ended", "This referral has ended; nothing more is asked for it.")
    if not sop.statements.asks(referral.service_type):
        raise Conflict("statement.not-asked", "In this service she is not asked what happened; see statements.")
    return referral


def _permitted(
    desk: Desk, referral: Referral, held: Sequence[Statement], sop: Sop
) -> tuple[Statement, tuple[Compartment, ...]]:
    """Return the newest statement that she agreed this recipient may have, and in which compartments.

    Raises `ConsentRequired` with why the newest of all may not go there.
    """
    refusals: list[tuple[Reason, ...]] = []
    for statement in sorted(held, key=lambda one: one.ordinal, reverse=True):
        against = {name: tuple(_against(desk, referral, statement, name, sop)) for name in sop.statements.carried_in}
        free = tuple(name for name, reasons in against.items() if not reasons)
        if free:
            return statement, free
        refusals.append(against[sop.statements.carried_in[0]])
    reasons = refusals[0]
    message = "She has not agreed that her statement goes to this agency for this service. Ask her, not for the story."
    raise ConsentRequired(reasons[0].code, message, reasons=reasons)


def _against(desk: Desk, referral: Referral, statement: Statement, name: Compartment, sop: Sop) -> Iterator[Reason]:
    """Say why the holder may not send this compartment there; the consent of either referral may carry it."""
    held = desk.referral(statement.referral_id)
    holder = desk.agency(statement.agency)
    service = sop.services[referral.service_type]
    if held is None or holder is None or not holder.is_active:
        yield by_service("sop.sender", service)
        return
    if is_blocked(held.blocked, chain_id=held.chain_id, who=[referral.recipient]):
        yield by_rule("referral.blocked", CONFLICT_RULE, sop)
    if holder.sectors.isdisjoint(map(str, service.senders)):
        yield by_service("sop.sender", service)
    if name not in service.allowed:
        yield by_service("sop.compartment-forbidden", service)
    tried = [list(_without(desk, consent, referral, held=held, name=name, sop=sop)) for consent in _ids(referral, held)]
    if all(tried):
        yield from tried[0] if tried else [by_consent("consent.missing", sop)]


def _ids(referral: Referral, held: Referral) -> list[str]:
    return list(dict.fromkeys(filter(None, (held.consent_id, referral.consent_id))))


def _without(
    desk: Desk, consent_id: str, referral: Referral, *, held: Referral, name: Compartment, sop: Sop
) -> Iterator[Reason]:
    """Say why this consent does not let the holder send that compartment to the recipient which asks."""
    lineage = consent_lineage(desk, consent_id)
    if not is_whole(lineage, consent_id) or not lineage:
        yield by_consent("consent.missing", sop)
    holds = holds_case(held, sender=held.recipient, subject=referral.subject)
    for consent in lineage:
        for code in standing_faults(consent, subject=referral.subject, at=desk.at):
            yield by_rule(code, SCOPE_RULE, sop)
        for code in scope_faults(
            consent,
            recipient=referral.recipient,
            service_type=referral.service_type,
            compartments=frozenset({name}),
        ):
            yield by_consent(code, sop)
        if not may_send(consent, sender=held.recipient, holds_parent=holds):
            yield by_consent("consent.onward", sop)


def _tell(desk: Desk, request: StatementRequest, referral: Referral, *, trace_id: str) -> None:
    desk.notify(
        request.holder,
        type=NOTICE,
        referral_id=request.held,
        data={
            "request_id": request.id,
            "agency": request.agency,
            "service_type": referral.service_type,
            "compartments": [name.value for name in request.compartments],
            "due_at": request.due_at,
        },
        trace_id=trace_id,
    )
