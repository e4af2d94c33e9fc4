"""A referral that stands in for one that nobody took: sent by the same agency, for the same person and service, once.

The hub cannot seal anything for anybody, so going on is the sender's own act (fact sheet section 7.2 T20). What the hub
does is to say who could be next, to count how often it went on, and to admit one successor and no second.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.application.ports import Desk
from gateway.domain.arrival import ReferralSent
from gateway.domain.referral import Referral
from shared.kernel.errors import Conflict, FieldFault, InputRejected
from shared.sop.model import ReferralState, RerouteRules

#: Nobody took it, or it could not be done: from these ends another agency may be asked instead.
REPLACEABLE = frozenset({ReferralState.EXPIRED, ReferralState.DECLINED, ReferralState.FAILED})


def replaced(desk: Desk, command: ReferralSent) -> Referral | None:
    """Return the referral in whose place this one is sent; None when it names none.

    Raises `InputRejected` (`referral.replaces`) unless that is the sender's own, of the same chain, person and service,
    and ended without help; `Conflict` (`referral.replaced`) when another stands in its place already.
    """
    if command.replaces is None:
        return None
    found = desk.referral(command.replaces)
    if found is None or found.sender != command.arrival.sender or not _is_alike(found, command):
        message = "Name a referral of this chain that your agency sent for this person and service, and nobody took."
        fault = FieldFault("/replaces", "referral.replaces", message)
        raise InputRejected("referral.replaces", message, faults=[fault])
    if found.replaced_by is not None:
        raise Conflict("referral.replaced", "Another referral was sent in the place of this one already.")
    return found


def stand_in(desk: Desk, before: Referral, after: Referral) -> None:
    """Remember that `after` was sent in the place of `before`, so that no second one is."""
    desk.change_referral(replace(before, replaced_by=after.referral_id))


def offer(
    desk: Desk, referral: Referral, following: str | None, *, wanted: bool, rules: RerouteRules
) -> Mapping[str, Any]:
    """Say to the sender who could be asked next, and whether its service is to do so by itself.

    Only where the sender `wanted` that, and while it has not gone on too often in a row.
    """
    if following is None:
        return {}
    return {"next_agency": following, "reroute": wanted and _times(desk, referral, most=rules.most) < rules.most}


def _is_alike(found: Referral, command: ReferralSent) -> bool:
    alike = (found.chain_id, found.subject, found.service_type) == (
        command.chain_id,
        command.subject,
        command.service_type,
    )
    return alike and found.state in REPLACEABLE


def _times(desk: Desk, referral: Referral, *, most: int) -> int:
    """Count how many referrals this one stands in for, one after another; counted no further than `most`."""
    count, before = 0, referral.replaces
    while before is not None and count < most:
        found = desk.referral(before)
        count, before = count + 1, found.replaces if found else None
    return count
