"""Which of the compartments at hand may travel, and why the others are held back.

The sender's agency service asks this before it seals, so that what `decide` would refuse is never sealed;
both stand on the same functions. Follows rule R-15: the service type's set, in the consent, not withheld.
"""

from collections.abc import Mapping, Sequence

from shared.consent.citation import by_consent, by_legal_basis, by_service
from shared.consent.grant import Consent
from shared.consent.request import ConsentBasis, OtherBasis
from shared.consent.scope import is_whole, scope_faults
from shared.kernel.errors import Reason
from shared.sop.model import Compartment, LegalBasisKind, ServiceType, Sop


def held_back(
    offered: frozenset[Compartment],
    *,
    recipient: str,
    service: ServiceType,
    basis: ConsentBasis | OtherBasis,
    lineage: Sequence[Consent],
    sop: Sop,
) -> Mapping[Compartment, Reason]:
    """Return each of `offered` that must not travel to `recipient`, with the first reason why.

    What is not in the answer may travel as far as data goes; whether the referral may go at all is for `decide`.
    """
    found = {}
    for compartment in sorted(offered):
        if compartment not in service.allowed:
            found[compartment] = by_service("sop.compartment-forbidden", service)
        elif reason := _without_ground(compartment, recipient, service, basis=basis, lineage=lineage, sop=sop):
            found[compartment] = reason
    return found


def _without_ground(
    compartment: Compartment,
    recipient: str,
    service: ServiceType,
    *,
    basis: ConsentBasis | OtherBasis,
    lineage: Sequence[Consent],
    sop: Sop,
) -> Reason | None:
    if isinstance(basis, ConsentBasis):
        if not is_whole(lineage, basis.consent_id):
            return by_consent("consent.missing", sop)
        return _beyond_consent(compartment, recipient, service, lineage, sop)
    if basis.kind is LegalBasisKind.CONSENT:
        return by_consent("consent.missing", sop)
    ground = sop.legal_bases.get(basis.kind)
    if ground is None:
        return by_service("sop.basis", service)
    return None if compartment in ground.maximum else by_legal_basis("basis.maximum", ground)


def _beyond_consent(
    compartment: Compartment, recipient: str, service: ServiceType, lineage: Sequence[Consent], sop: Sop
) -> Reason | None:
    for consent in lineage:
        for code in scope_faults(
            consent, recipient=recipient, service_type=service.code, compartments=frozenset({compartment})
        ):
            return by_consent(code, sop)
    return None
