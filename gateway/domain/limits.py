"""How often an event may happen to one referral: one question back, three attempts to reach her (R-25)."""

from collections.abc import Mapping
from dataclasses import replace

from gateway.domain.referral import Referral
from shared.kernel.errors import Reason
from shared.sop.model import EventType, Transition

_MOST: Mapping[EventType, int] = {EventType.INFO_REQUESTED: 1, EventType.CONTACT_ATTEMPTED: 3}
_CODES: Mapping[EventType, str] = {
    EventType.INFO_REQUESTED: "sop.info-requests",
    EventType.CONTACT_ATTEMPTED: "sop.contact-attempts",
}
#: What was given back stays so, also when the loop is closed afterwards.
_REMEMBERED = _MOST.keys() | {EventType.DECLINED}


def limit_faults(referral: Referral, step: Transition) -> tuple[Reason, ...]:
    """Return why `step` may not happen once more; () when it may."""
    if step.event not in _MOST or referral.counts.get(step.event, 0) < _MOST[step.event]:
        return ()
    return (Reason(_CODES[step.event], step.id, step.basis.citation),)


def counted(referral: Referral, event: EventType) -> Referral:
    """Return the referral with one more `event` counted, if that event has a limit or says no."""
    if event not in _REMEMBERED:
        return referral
    return replace(referral, counts={**referral.counts, event: referral.counts.get(event, 0) + 1})
