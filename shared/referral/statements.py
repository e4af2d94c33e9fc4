"""Whether an event says that she was asked what happened and told it (rule R-02). Pure."""

from collections.abc import Mapping
from typing import Any, Final

from shared.sop.model import EventType, Sop

#: The fact of an event by which any service says that a statement was taken.
STATEMENT_TAKEN: Final = "statement_taken"
#: The fact of the envelope that names the request which a referral answers.
STATEMENT_REQUEST: Final = "statement_request"
#: She is asked at work, not before and not after: only these events may say so.
AT_WORK: Final = frozenset({EventType.STARTED, EventType.COMPLETED, EventType.FAILED})


def was_taken(sop: Sop, *, service_type: str, event: EventType, data: Mapping[str, Any]) -> bool:
    """Say whether a statement was taken, by the fact that says so or by an outcome that means it."""
    if event in AT_WORK and data.get(STATEMENT_TAKEN) is True:
        return True
    return event is EventType.COMPLETED and sop.statements.says_taken(service_type, data.get("outcome"))
