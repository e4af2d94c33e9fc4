"""Keeping that she told her story, and warning whoever would ask again (rule R-02)."""

from collections.abc import Sequence

from gateway.application.ports import Desk
from gateway.domain.arrival import EventReported, ReferralSent
from gateway.domain.referral import Referral
from gateway.domain.statement import Statement, StatementRequest, taken_under
from shared.kernel.clock import to_wire
from shared.kernel.errors import FieldFault, InputRejected
from shared.referral.statements import STATEMENT_REQUEST, was_taken
from shared.sop.model import Sop

#: What its entries in the ledger are called.
STATEMENT = "statement"


def earlier_statements(desk: Desk, command: EventReported, referral: Referral, *, sop: Sop) -> Sequence[Statement]:
    """Return her statements so far where it matters: she was asked now, or would be. Read it before writing."""
    matters = sop.statements.asks(referral.service_type) or _taken_now(command, referral, sop=sop)
    return desk.statements.told(referral.chain_id, referral.subject) if matters else ()


def keep_statement(
    desk: Desk, command: EventReported, referral: Referral, before: Sequence[Statement], *, sop: Sop
) -> int:
    """Keep a statement if the event says that one was taken; return how many the chain has now."""
    if not _taken_now(command, referral, sop=sop):
        return len(before)
    statement = taken_under(referral, before, at=to_wire(desk.at), sop=sop)
    if statement is None:
        return len(before)
    desk.statements.add(statement)
    return statement.ordinal


def statements_before(desk: Desk, command: ReferralSent, *, sop: Sop) -> int:
    """Return how many statements the chain of a new referral has; a chain that begins has none."""
    if command.parent_id is None or not sop.statements.asks(command.service_type):
        return 0
    return len(desk.statements.told(command.chain_id, command.subject))


def named_request(desk: Desk, command: ReferralSent) -> StatementRequest | None:
    """Return the request that a referral answers, None when it names none.

    Raises `InputRejected` (`statement.request`) for one not made to the sender, by this recipient, in this chain.
    """
    if STATEMENT_REQUEST not in command.facts:
        return None
    request = desk.statements.request(str(command.facts[STATEMENT_REQUEST]))
    if request is None or not _answers(command, request):
        message = "Name a request that this recipient made to your agency in this chain, or leave it out."
        where = f"/facts/{STATEMENT_REQUEST}"
        raise InputRejected("statement.request", message, faults=[FieldFault(where, "statement.request", message)])
    return request


def answer_request(desk: Desk, request: StatementRequest, command: ReferralSent) -> None:
    """Keep that a referral carries the statement that was asked for, and record it."""
    desk.record(
        STATEMENT,
        command.arrival.sender,
        message_id=request.id,
        referral_id=request.referral_id,
        chain_id=request.chain_id,
        code="provided",
        trace_id=command.arrival.trace_id,
    )
    desk.statements.answer(request, by=command.referral_id)


def _taken_now(command: EventReported, referral: Referral, *, sop: Sop) -> bool:
    by_recipient = command.arrival.sender == referral.recipient
    return by_recipient and was_taken(sop, service_type=referral.service_type, event=command.type, data=command.data)


def _answers(command: ReferralSent, request: StatementRequest) -> bool:
    return (
        request.holder == command.arrival.sender
        and request.agency == command.arrival.recipient
        and request.chain_id == command.chain_id
    )
