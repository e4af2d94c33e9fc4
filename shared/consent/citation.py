"""Reasons with the rule that says so and what that rule rests on, as a caseworker is shown them."""

from shared.kernel.errors import Reason
from shared.sop.age import BestInterestRules, CaregiverRules, ConsentWay
from shared.sop.model import LegalBasis, Precondition, ServiceType, Sop, Urgency

#: Consent is per recipient, per compartment, per purpose, time-limited.
SCOPE_RULE = "R-15"
#: Withdrawal works now.
WITHDRAWAL_RULE = "R-16"
#: Conflict of interest: who is linked to the alleged perpetrator never sees the case.
CONFLICT_RULE = "R-11"


def by_rule(code: str, rule: str, sop: Sop) -> Reason:
    """Cite a victim-centred rule (R-01 …)."""
    return Reason(code=code, rule=rule, basis=sop.rules[rule].basis.citation)


def by_consent(code: str, sop: Sop) -> Reason:
    """Cite the rule on the scope of consent, or on withdrawal for what was taken back."""
    return by_rule(code, WITHDRAWAL_RULE if code == "consent.revoked" else SCOPE_RULE, sop)


def by_service(code: str, service: ServiceType) -> Reason:
    """Cite the service type itself."""
    return Reason(code=code, rule=service.code, basis=service.basis[0].citation)


def by_precondition(code: str, precondition: Precondition) -> Reason:
    """Cite a precondition of the service type (E1 …)."""
    return Reason(code=code, rule=precondition.id, basis=precondition.basis.citation)


def by_urgency(code: str, urgency: Urgency, sop: Sop) -> Reason:
    """Cite an urgency level (U0 …)."""
    level = sop.urgencies[urgency]
    return Reason(code=code, rule=level.code, basis=level.basis.citation)


def by_legal_basis(code: str, ground: LegalBasis) -> Reason:
    """Cite a ground for disclosure other than consent."""
    return Reason(code=code, rule=ground.kind, basis=ground.basis.citation)


def by_age(code: str, rule: ConsentWay | BestInterestRules | CaregiverRules) -> Reason:
    """Cite a rule on who may consent (age.12_15.guardian …)."""
    return Reason(code=code, rule=rule.id, basis=rule.basis.citation)
