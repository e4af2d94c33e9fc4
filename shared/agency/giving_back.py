"""Giving a received case back to its sender, with where to ask next: in the name of the service, never of a person.

Owns how it is said: declined before work has begun, failed after, with one coded reason and another agency that can
help. Promises that the steps are the same whatever the reason is, so that what differs is the reason alone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.agency.directory import BRIEFLY
from shared.agency.office import Office
from shared.agency.records import Letter, Referral
from shared.agency.settling import SYSTEM
from shared.kernel.errors import PeerUnavailable
from shared.referral.lifecycle import open_events
from shared.sop.model import EventType, Party, ReferralState

#: How a recipient gives a case back: before it has begun, and after.
_GIVING_BACK: Final = (EventType.DECLINED, EventType.FAILED)
_Step = tuple[EventType, Mapping[str, Any]]


def give_back(office: Office, referral: Referral, *, reason: str, alternative: str | None) -> Sequence[Letter]:
    """Write that this agency does not take the case; nothing where it cannot be given back as it stands.

    It is acknowledged first where nobody has: somebody saw it, and the gateway may not know yet that it arrived.
    """
    possible = open_events(office.sop, state=ReferralState(referral.state), by=Party.RECIPIENT)
    event = next((one for one in _GIVING_BACK if one in possible), None)
    if event is None:
        return ()
    data = {"reason": reason, **({"alternative": alternative} if alternative else {})}
    seen: Sequence[_Step] = [(EventType.ACKNOWLEDGED, {})] if EventType.ACKNOWLEDGED in possible else []
    return [_said(office, referral, type, facts) for type, facts in (*seen, (event, data))]


async def another_agency(office: Office, referral: Referral) -> str | None:
    """Return whom the gateway proposes instead; None while it is away, or when nobody else takes people."""
    return next((str(match["agency"]) for match in await other_agencies(office, referral)), None)


async def other_agencies(office: Office, referral: Referral) -> Sequence[Mapping[str, Any]]:
    """Return whom the gateway proposes instead, best first; none while it is away."""
    wanted = {
        "service_type": referral.service_type,
        "area": referral.area,
        "exclude": sorted({office.agency_id, referral.sender}),
        "chain_id": referral.chain_id,
    }
    try:
        async with asyncio.timeout(BRIEFLY):
            answer = await office.hub.post("/v1/matches", wanted)
    except (PeerUnavailable, TimeoutError):
        return ()
    matches: Sequence[Mapping[str, Any]] = answer.get("items", ())
    return matches


def _said(office: Office, referral: Referral, event: EventType, data: Mapping[str, Any]) -> Letter:
    """Write an event in the name of this service: nobody outside learns who declared."""
    return office.scribe.event(
        event, referral_id=referral.referral_id, recipient=referral.sender, actor=SYSTEM, data=data
    )
