"""Leave out what need not travel, and say what was left out and why.

The procedure's data set, in the consent, not withheld (R-15): the rules are those of
`shared.consent.minimum`; here they get the words that a caseworker reads. Where this service does not
know the consent, it holds back what the procedure forbids and leaves the rest to the gateway, which
decides in any case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.consent.grant import Consent
from shared.consent.minimum import held_back
from shared.consent.request import ConsentBasis, OtherBasis
from shared.kernel.errors import Reason
from shared.sop.compartments import trim
from shared.sop.model import Compartment, ServiceType, Sop


class HeldBackFor(StrEnum):
    """Why a compartment stays here."""

    NOT_ASKED_BY_SERVICE = "not_asked_by_service"
    FORBIDDEN_BY_SERVICE = "forbidden_by_service"
    NOT_CONSENTED = "not_consented"
    WITHHELD = "withheld"
    BEYOND_BASIS = "beyond_basis"
    UNSAFE_CAREGIVER = "unsafe_caregiver"
    SECTOR_RULE = "sector_rule"


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What stays here of one compartment, with the rule and what the rule rests on; no `fields` means all of it."""

    compartment: Compartment
    reason: HeldBackFor
    rule: str
    basis: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Minimum:
    """What travels and what stays. `decided_by_gateway`: nothing was left, so the hub shall say and record no."""

    sent: frozenset[Compartment]
    held_back: tuple[HeldBack, ...]
    decided_by_gateway: bool = False


_BEYOND_BASIS: Final = frozenset({"basis.maximum", "sop.basis"})
_UNKNOWN_CONSENT: Final = "consent.missing"
_FORBIDDEN: Final = "sop.compartment-forbidden"


def minimise(
    offered: frozenset[Compartment],
    *,
    recipient: str,
    service: ServiceType,
    basis: ConsentBasis | OtherBasis,
    lineage: Sequence[Consent],
    sop: Sop,
) -> Minimum:
    """Split `offered` into what travels to `recipient` and what stays.

    When nothing would be left, what the service type admits is sent on to the gateway all the same: sealed,
    so that nobody reads it, and refused there, so that the refusal is on record.
    """
    against = held_back(offered, recipient=recipient, service=service, basis=basis, lineage=lineage, sop=sop)
    staying = {name: why for name, why in against.items() if why.code != _UNKNOWN_CONSENT}
    sent = offered - staying.keys()
    if not sent:
        admitted = frozenset(name for name in offered if against[name].code != _FORBIDDEN)
        return Minimum(admitted or offered, (), decided_by_gateway=True)
    return Minimum(sent, tuple(_in_words(staying, service=service, lineage=lineage)))


def trim_contents(
    contents: Mapping[Compartment, Mapping[str, Any]], *, service: ServiceType
) -> tuple[dict[Compartment, dict[str, Any]], list[HeldBack]]:
    """Leave out the fields that the service type does not take; a compartment without any left stays whole."""
    kept: dict[Compartment, dict[str, Any]] = {}
    stays: list[HeldBack] = []
    for name, content in sorted(contents.items()):
        rule = service.compartments.get(name)
        if rule is None:
            kept[name] = dict(content)
            continue
        kept[name], fields = trim(rule, content)
        if fields:
            word = HeldBackFor.FORBIDDEN_BY_SERVICE
            stays.append(HeldBack(name, word, service.code, service.basis[0].citation, tuple(sorted(fields))))
    return {name: content for name, content in kept.items() if content}, stays


def _in_words(
    staying: Mapping[Compartment, Reason], *, service: ServiceType, lineage: Sequence[Consent]
) -> Sequence[HeldBack]:
    return [
        HeldBack(name, _word(name, why.code, service=service, lineage=lineage), why.rule, why.basis)
        for name, why in sorted(staying.items())
    ]


def _word(name: Compartment, code: str, *, service: ServiceType, lineage: Sequence[Consent]) -> HeldBackFor:
    if code == _FORBIDDEN:
        listed = name in service.compartments
        return HeldBackFor.FORBIDDEN_BY_SERVICE if listed else HeldBackFor.NOT_ASKED_BY_SERVICE
    if code in _BEYOND_BASIS:
        return HeldBackFor.BEYOND_BASIS
    return HeldBackFor.WITHHELD if any(name in c.withheld for c in lineage) else HeldBackFor.NOT_CONSENTED
