"""A referral admitted on a ground other than consent becomes an override, and its sender is told what it owes."""

from gateway.application.ports import Desk
from gateway.domain.override import Override, override_of
from gateway.domain.referral import Referral
from shared.consent.request import OtherBasis
from shared.sop.model import Sop

#: What its entries in the ledger are called.
OVERRIDE = "override"


def open_override(desk: Desk, referral: Referral, *, sop: Sop, trace_id: str) -> None:
    """Keep the override of a referral that was just admitted; nothing for one that rests on consent."""
    basis = referral.basis
    if not isinstance(basis, OtherBasis):
        return
    override = override_of(referral, basis, sector=_sector(desk, referral, sop), rules=sop.overrides)
    desk.record(
        OVERRIDE,
        referral.sender,
        message_id=referral.referral_id,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        code=f"opened:{basis.kind.value}",
        state=referral.state.value,
        trace_id=trace_id,
    )
    desk.overrides.add(override)
    desk.notify(
        referral.sender,
        type="override_review",
        referral_id=referral.referral_id,
        data=_owed(override),
        trace_id=trace_id,
    )


def _owed(override: Override) -> dict[str, str]:
    facts = {
        "stage": "opened",
        "basis": override.kind.value,
        "confirm_due_at": override.confirm_due_at,
        "access_ends_at": override.access_ends_at,
        "tell_due_at": override.tell_due_at,
        "review_due_at": override.review_due_at,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _sector(desk: Desk, referral: Referral, sop: Sop) -> str:
    """Return the sector by which the sender may send this service: an agency of several counts in one of them."""
    sender = desk.agency(referral.sender)
    sectors = sender.sectors if sender else frozenset()
    entitled = sectors & {str(one) for one in sop.services[referral.service_type].senders}
    return min(entitled or sectors)
