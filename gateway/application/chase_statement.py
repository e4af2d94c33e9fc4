"""Say that a statement which was asked for has not come in time: to whoever holds it, and to whoever waits for it.

Decided at the desk, as the clocks are: of any number of processes that find the same request due, the first one
speaks and the others find it done. Nothing is said any more where nobody is going to ask her again.
"""

from gateway.application.ports import Desk
from gateway.application.statements import STATEMENT
from gateway.domain.referral import Referral
from gateway.domain.statement import StatementRequest
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import AlarmLevel, Sop

#: `data.phase` of the notices: which duty is late.
PHASE = "statement"


def chase_statement(desk: Desk, request_id: str, *, sop: Sop) -> bool:
    """Warn of a request that nobody answered in time, once; say whether anything was said."""
    request, now = desk.statements.request(request_id), to_wire(desk.at)
    if request is None or request.warn_at is None or request.warn_at > now:
        return False
    waiting, held = desk.referral(request.referral_id), desk.referral(request.held)
    desk.statements.warned(request, at=now)
    if waiting is None or held is None or waiting.has_ended:
        return False
    desk.record(
        STATEMENT,
        GATEWAY,
        message_id=request.id,
        referral_id=waiting.referral_id,
        chain_id=waiting.chain_id,
        consent_id=waiting.consent_id,
        code="overdue",
        state=waiting.state.value,
    )
    for agency, referral in ((request.holder, held), (request.agency, waiting)):
        _tell(desk, request, referral, agency=agency, sop=sop)
    return True


def _tell(desk: Desk, request: StatementRequest, referral: Referral, *, agency: str, sop: Sop) -> None:
    data = {
        "phase": PHASE,
        "level": AlarmLevel.SUPERVISOR.value,
        "rule": sop.statements.answer.id,
        "due_at": request.due_at,
        "request_id": request.id,
        "state": referral.state.value,
    }
    desk.notify(agency, type="clock_missed", referral_id=referral.referral_id, data=data, trace_id="")
