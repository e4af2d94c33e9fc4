"""What the procedure says about one disclosure, whatever the survivor agreed to.

Owns the codes `sop.*` and `basis.*` of the decision: who may send, who may receive and where, what a
service needs and must not have, its preconditions, and the most that each ground other than consent
carries (fact sheet sections 2.8, 6.7, 6.8). Refuses what the procedure does not list.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.consent.citation import (
    by_age,
    by_consent,
    by_legal_basis,
    by_precondition,
    by_service,
    by_urgency,
)
from shared.consent.giving import is_made_by_two
from shared.consent.request import ConsentBasis, Disclosure, OtherBasis
from shared.kernel.errors import Reason
from shared.sop.model import (
    AgeBand,
    Compartment,
    FactTest,
    Grantor,
    LegalBasis,
    LegalBasisKind,
    Precondition,
    Sender,
    ServiceType,
    Sop,
    Urgency,
)

_PROVINCE_DIGITS = 2
_URGENCY = "urgency"


def route_faults(disclosure: Disclosure, service: ServiceType, sop: Sop) -> Iterator[Reason]:
    """Say what is wrong with who sends, who receives, where, and how urgently (E8)."""
    if not may_originate(disclosure, service):
        yield by_service("sop.sender", service)
    if service.code not in disclosure.recipient_services:
        yield by_service("sop.recipient", service)
    if not serves(disclosure.recipient_areas, area=disclosure.area, province=disclosure.area_province):
        yield by_service("sop.area", service)
    if disclosure.urgency is Urgency.IMMEDIATE and not disclosure.phoned_first:
        yield by_urgency("sop.phoned-first", disclosure.urgency, sop)


def may_originate(disclosure: Disclosure, service: ServiceType) -> bool:
    """Say whether one of the sender's sectors may send this; the survivor may through any agency, by consent."""
    if not service.senders.isdisjoint(disclosure.sender_sectors):
        return True
    return Sender.SELF in service.senders and disclosure.basis.kind is LegalBasisKind.CONSENT


def serves(areas: frozenset[str], *, area: str, province: str | None) -> bool:
    """Say whether a recipient that lists `areas` serves `area`, a province or a commune of `province`.

    A commune is served when it or its province is listed. When its province is not known, a
    recipient that lists any province is given the benefit of the doubt; one that lists only communes is not.
    """
    if area in areas:
        return True
    if len(area) == _PROVINCE_DIGITS:
        return False
    if province is None:
        return any(len(listed) == _PROVINCE_DIGITS for listed in areas)
    return province in areas


def data_faults(disclosure: Disclosure, service: ServiceType, sop: Sop) -> Iterator[Reason]:
    """Say what must not travel with this service type, and what is missing.

    A ground other than consent never demands more than its own maximum. Nothing at all is never enough.
    """
    compartments = disclosure.compartments
    if not compartments <= service.allowed:
        yield by_service("sop.compartment-forbidden", service)
    if not compartments or not service.demanded(_maximum(disclosure.basis, sop)) <= compartments:
        yield by_service("sop.compartment-missing", service)


def _maximum(basis: ConsentBasis | OtherBasis, sop: Sop) -> frozenset[Compartment] | None:
    if isinstance(basis, ConsentBasis) or basis.kind is LegalBasisKind.CONSENT:
        return None
    ground = sop.legal_bases.get(basis.kind)
    return None if ground is None else ground.maximum


def precondition_faults(disclosure: Disclosure, service: ServiceType) -> Iterator[Reason]:
    """Say which preconditions do not hold on the coded facts, age band, urgency, basis and sender."""
    if not service.preconditions:
        return
    facts = {
        **disclosure.facts,
        "age_band": disclosure.age_band,
        _URGENCY: disclosure.urgency,
        "basis": disclosure.basis.kind,
        "sender": _acting_as(disclosure, service),
    }
    for precondition in service.preconditions:
        if not is_met(precondition, facts):
            yield by_precondition("sop.precondition", precondition)


def _acting_as(disclosure: Disclosure, service: ServiceType) -> str | None:
    """Return in which of its sectors the sender asks for this: one that may send it by itself, if it has any."""
    sectors = disclosure.sender_sectors
    return min(sectors & service.senders or sectors, default=None)


def urgency_for(service: ServiceType, facts: Mapping[str, Any]) -> Urgency:
    """Return how urgent a service is when nobody says: as usual, or above it as far as its preconditions ask."""
    levels = list(Urgency)
    asking = [one for one in service.preconditions if any(test.fact == _URGENCY for test in one.any_of)]
    enough = (
        level
        for level in reversed(levels[: levels.index(service.urgency) + 1])
        if all(is_met(one, {**facts, _URGENCY: level}) for one in asking)
    )
    return next(enough, service.urgency)


def is_met(precondition: Precondition, facts: Mapping[str, Any]) -> bool:
    """Say whether the precondition does not apply, or one of its alternatives holds. No alternative: never."""
    if not all(_holds(test, facts) for test in precondition.when):
        return True
    return any(_holds(test, facts) for test in precondition.any_of)


def ground_faults(
    basis: OtherBasis, *, compartments: frozenset[Compartment], age_band: AgeBand, service: ServiceType, sop: Sop
) -> Iterator[Reason]:
    """Say what is wrong with a ground other than consent: not for this service (E4), too much data, no article."""
    if basis.kind is LegalBasisKind.CONSENT:  # consent is shown, never asserted
        yield by_consent("consent.missing", sop)
        return
    ground = sop.legal_bases.get(basis.kind)
    if ground is None or basis.kind not in service.legal_bases:
        yield by_service("sop.basis", service)
    if ground is None:
        return
    by_workers = sop.ages.ways_of[age_band, Grantor.BEST_INTEREST_DECISION]
    if basis.kind is LegalBasisKind.BEST_INTEREST_CHILD and not by_workers:  # at her age nobody decides over her head
        yield by_legal_basis("sop.basis", ground)
    if not compartments <= ground.maximum:
        yield by_legal_basis("basis.maximum", ground)
    yield from _answered_for(basis, ground, sop)


def _answered_for(basis: OtherBasis, ground: LegalBasis, sop: Sop) -> Iterator[Reason]:
    """Say what is missing of the article, and of the people who answer for it."""
    if ground.needs_article and not basis.article.strip():
        yield by_legal_basis("basis.article", ground)
    if ground.needs_approver and not basis.approver.strip():
        yield by_legal_basis("basis.approver", ground)
    if ground.needs_decision and not is_made_by_two(basis.decision, sop.ages.best_interest):
        yield by_age("basis.decision", sop.ages.best_interest)


def _holds(test: FactTest, facts: Mapping[str, Any]) -> bool:
    value = facts.get(test.fact)
    return value is not None and (not test.one_of or value in test.one_of)
