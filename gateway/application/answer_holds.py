"""What a holder's `sealed` event answers: which revocations, and whether what it says of the law can stand.

Sealing off is always admitted. A legal hold names its article, and keeps at most what the procedure lets a law make it
keep: evidence and statutory records that were opened (fact sheet section 7.2 T16).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.application.extend_holds import EXTENDED, extend_holds, extension_faults, is_extension
from gateway.application.ports import Desk, Recorded
from gateway.domain.arrival import EventReported
from gateway.domain.referral import Referral
from gateway.domain.withdrawal import Hold, HoldResult, SignedAnswer, may_keep, was_given
from shared.kernel.clock import to_wire
from shared.kernel.errors import Reason
from shared.sop.model import EventType, Sop

HOLD_RULE = "withdrawal.holds"


def answered_by(desk: Desk, command: EventReported) -> Sequence[Hold]:
    """Return the holds that an event answers.

    It answers the revocation it names, and without one all that the holder still owes of this referral. A hold by law
    that has ended is answered again, by `sealed`.
    """
    if command.type is not EventType.SEALED:
        return ()
    ended = command.data.get("result") not in {HoldResult.LEGAL_HOLD, EXTENDED}
    named = command.data.get("revocation_id")
    return [
        hold
        for hold in desk.holds.of_referral(command.referral_id)
        if (hold.is_pending or (ended and hold.result is HoldResult.LEGAL_HOLD)) and named in {None, hold.revocation_id}
    ]


def hold_faults(
    command: EventReported, referral: Referral, answered: Sequence[Hold], *, now: str, sop: Sop
) -> Iterator[Reason]:
    """Say why data may not be kept under a law as the event claims, or the answer put off; nothing when they may."""
    if is_extension(command):
        yield from extension_faults(command, answered, now=now, sop=sop)
        return
    if command.type is not EventType.SEALED or _result(command) is not HoldResult.LEGAL_HOLD:
        return
    basis = sop.withdrawal.hold_basis.citation
    if not command.data.get("article"):
        yield Reason("event.fact-missing", f"{HOLD_RULE}.article", basis)
    if not any(may_keep(hold, referral, sop=sop) for hold in answered):
        yield Reason("sop.legal-hold", HOLD_RULE, basis)


def answer_holds(
    desk: Desk, command: EventReported, referral: Referral, answered: Sequence[Hold], *, recorded: Recorded, sop: Sop
) -> None:
    """Keep an admitted answer: result, what is kept by which article, the signed text, where it is recorded.

    Of several revocations, those that took nothing a law lets it keep are answered as sealed, and so are those of
    which it had something opened, whatever it says: the ledger has the opening. An extension answers none: it is kept
    with what is still owed.
    """
    if is_extension(command):
        extend_holds(desk, command, answered, recorded=recorded, sop=sop)
        return
    for hold in answered:
        kept = may_keep(hold, referral, sop=sop) if _result(command) is HoldResult.LEGAL_HOLD else frozenset()
        desk.holds.change(
            replace(
                hold,
                result=_believed(_result(command), keeps=bool(kept), given=was_given(hold, referral)),
                kept=kept,
                article=str(command.data["article"]) if kept else None,
                answered_at=to_wire(desk.at),
                ledger_index=recorded.index,
                answer=SignedAnswer(command.arrival.body, command.arrival.signature),
            )
        )


def _believed(said: HoldResult, *, keeps: bool, given: bool) -> HoldResult:
    claims_too_much = (said is HoldResult.LEGAL_HOLD and not keeps) or (said is HoldResult.NEVER_OPENED and given)
    return HoldResult.SEALED if claims_too_much else said


def _result(command: EventReported) -> HoldResult:
    return HoldResult(str(command.data.get("result", HoldResult.SEALED)))
