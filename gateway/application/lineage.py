"""The consent a message names, with all consents it was derived from: every one of them must permit."""

from collections.abc import Sequence

from gateway.application.ports import Desk
from shared.consent.grant import Consent
from shared.consent.request import ConsentBasis, OtherBasis
from shared.kernel.clock import to_wire

#: A derivation deeper than this is refused when it is recorded, so this bounds the walk.
DEEPEST = 16


def lineage_of(desk: Desk, basis: ConsentBasis | OtherBasis | None) -> tuple[Consent, ...]:
    """Return the consent of a basis and its ancestors, nearest first; empty when missing or not a consent."""
    return consent_lineage(desk, basis.consent_id) if isinstance(basis, ConsentBasis) else ()


def consent_lineage(desk: Desk, consent_id: str | None) -> tuple[Consent, ...]:
    """Return a consent and its ancestors, nearest first; empty when any of them is missing."""
    lineage: list[Consent] = []
    while consent_id is not None and len(lineage) < DEEPEST:
        consent = desk.consent(consent_id)
        if consent is None:
            return ()
        lineage.append(consent)
        consent_id = consent.derived_from
    return tuple(lineage)


def ends_at(lineage: Sequence[Consent]) -> str | None:
    """Return when the first consent of a lineage ends (wire text); None when there is none."""
    return to_wire(min([consent.valid_to for consent in lineage])) if lineage else None
