"""The one extension that the law allows a holder for answering a withdrawal: with a reason, before its time ends.

It moves the law's last limit and nothing else: the house rule is a day, and who is late by it stays late. A second
extension, a longer one, and one declared too late are refused, and the refusal is on record like every other (Decree
356/2025, fact sheet section 2.4).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.application.ports import Desk, Recorded
from gateway.domain.arrival import EventReported
from gateway.domain.withdrawal import Extension, Hold, SignedAnswer, extended_until, last_limit
from shared.kernel.clock import to_wire
from shared.kernel.errors import Reason
from shared.sop.model import EventType, Sop

#: What a holder's `sealed` event says when it answers with more time instead of an answer.
EXTENDED = "extended"
_RULE = "withdrawal.extension"


def is_extension(command: EventReported) -> bool:
    """Say whether an event declares an extension."""
    return command.type is EventType.SEALED and command.data.get("result") == EXTENDED


def extension_faults(command: EventReported, pending: Sequence[Hold], *, now: str, sop: Sop) -> Iterator[Reason]:
    """Say why an answer may not be put off as the event declares; nothing when it may."""
    rule = sop.withdrawal.extension
    citation = rule.basis.citation
    days, reason = command.data.get("extension_days"), command.data.get("reason")
    for name, value in (("extension_days", days), ("reason", reason)):
        if value is None:
            yield Reason("event.fact-missing", f"{_RULE}.{name}", citation)
    if reason is not None and reason not in sop.withdrawal.extension_reasons:
        yield Reason("sop.extension", f"{_RULE}.reason", citation)
    if isinstance(days, int) and not 1 <= days <= rule.amount:
        yield Reason("sop.extension", f"{_RULE}.days", citation)
    if not any(_may_wait(hold, now=now, sop=sop) for hold in pending):
        again = any(hold.extension is not None for hold in pending)
        yield Reason("sop.extension", f"{_RULE}.{'once' if again else 'late' if pending else 'nothing-owed'}", citation)


def extend_holds(desk: Desk, command: EventReported, pending: Sequence[Hold], *, recorded: Recorded, sop: Sop) -> None:
    """Keep an admitted extension: how long, why, the signed text, where it is recorded. The answer is still owed."""
    now, days = to_wire(desk.at), int(command.data["extension_days"])
    for hold in pending:
        if _may_wait(hold, now=now, sop=sop):
            extension = Extension(
                days=days,
                reason=str(command.data["reason"]),
                declared_at=now,
                until=extended_until(hold, days, sop=sop),
                ledger_index=recorded.index,
                declaration=SignedAnswer(command.arrival.body, command.arrival.signature),
            )
            desk.holds.change(replace(hold, extension=extension))


def _may_wait(hold: Hold, *, now: str, sop: Sop) -> bool:
    return hold.extension is None and now < last_limit(hold, sop=sop).at
