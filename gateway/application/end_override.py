"""End the access that a disclosure without consent gave: halves destroyed, what waits stopped, both parties told."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.application.open_override import OVERRIDE
from gateway.application.ports import Desk, StoredMessage
from gateway.application.report_event import moved
from gateway.domain.override import UNCONFIRMED, Override
from gateway.domain.referral import Referral, destroy
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import ReferralState


def end_unconfirmed(desk: Desk, referral_id: str) -> bool:
    """End access to a referral that no second person confirmed in time; say whether anything was to be done."""
    override = desk.overrides.get(referral_id)
    if override is None or override.ends_at is None or override.ends_at > to_wire(desk.at):
        return False
    waiting = desk.unsettled([referral_id])
    desk.overrides.change(end_access(desk, override, waiting=waiting, code=UNCONFIRMED, trace_id=""))
    return True


def end_access(
    desk: Desk, override: Override, *, waiting: Sequence[StoredMessage], code: str, trace_id: str
) -> Override:
    """End access at once and return the override as it stands then; `waiting` is read before anything is written.

    An open referral is revoked; one that has ended keeps its end, and what was opened is sealed off all the same.
    """
    referral = desk.referral(override.referral_id)
    if referral is not None:
        after = replace(referral, halves=destroy(referral.halves, frozenset(referral.halves)))
        if not referral.has_ended:
            after = moved(after, ReferralState.REVOKED)
        _record(desk, after, code=code, trace_id=trace_id)
        desk.change_referral(after)
        _tell(desk, override, after, waiting=waiting, code=code, trace_id=trace_id)
    return replace(override, ended_at=to_wire(desk.at), ended_by=code)


def _record(desk: Desk, after: Referral, *, code: str, trace_id: str) -> None:
    desk.record(
        OVERRIDE,
        GATEWAY,
        referral_id=after.referral_id,
        chain_id=after.chain_id,
        code=f"ended:{code}",
        state=after.state.value,
        trace_id=trace_id,
    )


def _tell(
    desk: Desk, override: Override, after: Referral, *, waiting: Sequence[StoredMessage], code: str, trace_id: str
) -> None:
    never_left = any(message.kind == "referral" and not message.attempted for message in waiting)
    for message in waiting:
        if message.kind in {"referral", "note"}:
            desk.settle_message(message, code=code)
    data = {"reason": code, "state": after.state.value, "compartments": list(override.compartments)}
    for agency in [after.sender] if never_left else [after.recipient, after.sender]:
        desk.notify(agency, type="revoked", referral_id=after.referral_id, data=data, trace_id=trace_id)
