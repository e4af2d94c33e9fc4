"""How the gateway shows what it holds: the answers of wire section 8, as plain data."""

from typing import Any

from gateway.domain.referral import Referral
from gateway.domain.statement import StatementRequest
from shared.consent.grant import Consent
from shared.kernel.clock import to_wire
from shared.sop.model import ENDS, ClockPhase, Name, Sop

_PHASES = tuple((phase, phase.value) for phase in ClockPhase)


def referral_view(referral: Referral) -> dict[str, Any]:
    """Return a referral as the two parties see it."""
    return {
        "referral_id": referral.referral_id,
        "chain_id": referral.chain_id,
        "parent_id": referral.parent_id,
        "linked_id": referral.linked_id,
        "replaces": referral.replaces,
        "state": str(referral.state),
        "sender": referral.sender,
        "recipient": referral.recipient,
        "service_type": referral.service_type,
        "urgency": str(referral.urgency),
        "due": {name: due.at if (due := referral.due.get(phase)) else None for phase, name in _PHASES},
        "sent_at": referral.sent_at,
    }


def referral_answer(referral: Referral, *, sop: Sop, statements: int = 0) -> dict[str, Any]:
    """Return a referral with what people must do themselves at its urgency, for as long as it has not ended.

    `statements`: how many the chain has; where she would be asked once more, a warning stands beside the count.
    """
    view = referral_view(referral)
    if statements:
        view["statements"] = statements_view(statements)
    if referral.state in ENDS:
        return view
    level = sop.urgencies[referral.urgency]
    if level.instruction is not None:
        view["instruction"] = _words(level.instruction_code, level.instruction)
    if statements and sop.statements.asks(referral.service_type):
        view["warning"] = _words(sop.statements.warning_code, sop.statements.warning)
    return view


def request_view(request: StatementRequest, *, at: str) -> dict[str, Any]:
    """Return a request for a statement as who asked or who holds it may see it; who holds it is not said."""
    return {
        "id": request.id,
        "by": request.agency,
        "asked_at": request.asked_at,
        "due_at": request.due_at,
        "overdue": request.answered_by is None and request.due_at < at,
        "answered": request.answered_by is not None,
    }


def statements_view(count: int) -> dict[str, Any]:
    """Return whether and how often she told what happened in a chain; never to whom, never what."""
    return {"taken": count > 0, "count": count}


def _words(code: str | None, name: Name) -> dict[str, str | None]:
    return {"code": code, "vi": name.vi, "en": name.en}


def compartments_view(referral: Referral) -> list[dict[str, str]]:
    """Return the labels of a referral's compartments and what became of their halves."""
    return [
        {"name": name.value, "stage": half.stage.value, "state": half.state.value}
        for name, half in sorted(referral.halves.items())
    ]


def consent_view(consent: Consent, *, state: str) -> dict[str, Any]:
    """Return a consent's standing."""
    return {"id": consent.id, "state": state, "valid_to": to_wire(consent.valid_to)}
