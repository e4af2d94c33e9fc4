"""Whether a referral that nobody took goes on to the next agency by itself: decided from what is known here. Pure.

The gateway names who could be next, and only where the sender asked for it when it sent. Everything that it says is
held once more against the consent, the chain and the procedure (fact sheet sections 6.2 and 7.2 T20): a notice alone
sends nothing to anybody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from shared.agency.records import Box, Referral, Reroute, RerouteState
from shared.consent.grant import Consent
from shared.consent.scope import scope_faults, standing_faults
from shared.referral.blocked import is_blocked
from shared.sop.model import Compartment, EventType, ReferralState, RerouteRules, ServiceType, Stopped

IF_EXPIRED, IF_DECLINED = "reroute_if_expired", "reroute_if_declined"
NEXT_AGENCY: Final = "next_agency"
EXPIRED, UNDELIVERABLE = "expired", "undeliverable"

#: Facts that belong to one referral alone: a place held at one agency, a request answered by one message.
_OF_ONE_ALONE: Final = frozenset({"lease_id", "statement_request"})


def ends_unheard(type: str, data: Mapping[str, Any]) -> bool:
    """Say whether a notice tells that a referral ended unheard: it expired, or its recipient never had it."""
    return type == EXPIRED or (type == UNDELIVERABLE and data.get("kind") == "referral")


def reroute_after_notice(referral: Referral, type: str, data: Mapping[str, Any], *, at: str) -> Reroute | None:
    """Return what follows from a notice about a referral as it stands now; None when its sender asked for nothing."""
    wish = IF_DECLINED if type == NEXT_AGENCY else IF_EXPIRED
    if not _asked(referral, wish):
        return None
    if type != NEXT_AGENCY and data.get("state", ReferralState.EXPIRED) != ReferralState.EXPIRED:
        return None
    following = data.get("next_agency")
    if not isinstance(following, str):
        lapsed = str(data.get("code", "")).startswith("consent.")
        return stopped(referral.referral_id, Stopped.CONSENT if lapsed else Stopped.NOBODY, at=at)
    if data.get("reroute") is not True:
        return stopped(referral.referral_id, Stopped.LIMIT, at=at, next_agency=following)
    return Reroute(
        referral_id=referral.referral_id,
        state=RerouteState.WAITING.value,
        noticed_at=at,
        next_agency=following,
    )


def reroute_after_event(
    referral: Referral, event: EventType, data: Mapping[str, Any], *, rules: RerouteRules, at: str
) -> Reroute | None:
    """Return why a declined referral does not go on; None when it may, which a notice of the gateway then says."""
    if event is not EventType.DECLINED or not _asked(referral, IF_DECLINED) or data.get("reason") in rules.declines:
        return None
    return stopped(referral.referral_id, Stopped.REASON, at=at)


def stopped(referral_id: str, why: Stopped, *, at: str, next_agency: str | None = None) -> Reroute:
    """Return the record of a referral that does not go on by itself, and why."""
    return Reroute(
        referral_id=referral_id,
        state=RerouteState.STOPPED.value,
        noticed_at=at,
        next_agency=next_agency,
        code=why.code,
        settled_at=at,
    )


def why_not(referral: Referral, following: str, *, line: Sequence[Referral], rules: RerouteRules) -> Stopped | None:
    """Return why `following` may not be asked in the place of the recipient; None when it may.

    `line` are the referrals that this one already stands in for, the latest first.
    """
    if referral.consent_id is None:
        return Stopped.CONSENT
    if is_blocked(referral.blocked, chain_id=referral.chain_id, who=(following,)):
        return Stopped.BLOCKED
    if following in {referral.sender, referral.recipient, *(one.recipient for one in line)}:
        return Stopped.AGAIN
    return Stopped.LIMIT if len(line) >= rules.most else None


def consent_carries(
    lineage: Sequence[Consent], referral: Referral, following: str, *, service: ServiceType, at: datetime
) -> bool:
    """Say whether every consent of the line stands, names `following` and covers what the service cannot do without."""
    required = service.required
    return bool(lineage) and not any(
        fault
        for consent in lineage
        for fault in (
            *standing_faults(consent, subject=referral.subject, at=at),
            *scope_faults(consent, recipient=following, service_type=referral.service_type, compartments=required),
        )
    )


def enough(contents: Mapping[Compartment, Any], service: ServiceType) -> bool:
    """Say whether all that the service requires can still be read here."""
    return bool(contents) and service.required <= contents.keys()


def lasting(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a referral that hold for one sent in its place as well."""
    return {name: value for name, value in facts.items() if name not in _OF_ONE_ALONE}


def _asked(referral: Referral, wish: str) -> bool:
    """Say whether this agency asked to go on when it sent, and nobody has gone on since."""
    return referral.box == Box.SENT and referral.facts.get(wish) is True and referral.rerouted_to is None
