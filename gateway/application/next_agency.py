"""Who could be asked next: another agency that she already agreed to, for the same service and the same data."""

from collections.abc import Sequence

from gateway.application.lineage import consent_lineage
from gateway.application.ports import Desk
from gateway.domain.referral import Referral
from shared.consent.grant import Consent
from shared.consent.scope import scope_faults, standing_faults
from shared.referral.blocked import is_blocked


def next_agency(desk: Desk, referral: Referral) -> str | None:
    """Return an agency that may be asked instead of the recipient, by its id; None when there is none.

    Its name stands in the consent for this service, with every compartment the referral carried, and every consent
    above it permits the same; it is active, offers the service, is not blocked from the case, and has not been
    asked in this chain before. The first in the order of ids: no agency is preferred. Whoever sends to it is
    checked once more, as for every referral.
    """
    lineage = consent_lineage(desk, referral.consent_id)
    if not lineage:
        return None
    named = {
        agency
        for grant in lineage[0].grants
        if referral.service_type in grant.service_types
        for agency in grant.recipients
    }
    asked = _asked_before(desk, referral, lineage)
    found = (agency for agency in sorted(named - asked) if _may_be_asked(desk, referral, agency, lineage))
    return next(found, None)


def _asked_before(desk: Desk, referral: Referral, lineage: Sequence[Consent]) -> set[str]:
    under = desk.referrals_under([consent.id for consent in lineage])
    return {referral.sender, referral.recipient} | {
        other.recipient
        for other in under
        if other.chain_id == referral.chain_id and other.service_type == referral.service_type
    }


def _may_be_asked(desk: Desk, referral: Referral, agency_id: str, lineage: Sequence[Consent]) -> bool:
    agency = desk.agency(agency_id)
    if agency is None or not agency.is_active or referral.service_type not in agency.services:
        return False
    if is_blocked(referral.blocked, chain_id=referral.chain_id, who=[agency_id]):
        return False
    return not any(_faults(consent, desk, referral, agency_id) for consent in lineage)


def _faults(consent: Consent, desk: Desk, referral: Referral, agency_id: str) -> list[str]:
    return [
        *standing_faults(consent, subject=referral.subject, at=desk.at),
        *scope_faults(
            consent,
            recipient=agency_id,
            service_type=referral.service_type,
            compartments=frozenset(referral.halves),
        ),
    ]
