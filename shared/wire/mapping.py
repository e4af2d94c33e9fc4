"""From messages to the values that the pure rooms decide over.

Owns the one translation of consents, revocations and bases, so that gateway and recipient ask the same
question. Promises to lose nothing that a decision needs and to invent nothing. Pure.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shared.consent.giving import BestInterest, Giving, Worker
from shared.consent.grant import Consent, Grant, Taking
from shared.consent.request import ConsentBasis, OtherBasis
from shared.sop.model import LegalBasisKind
from shared.wire.messages import ConsentV1, RevocationV1
from shared.wire.parts import BestInterestV1, ConsentBasisV1, GrantV1, OtherBasisV1


def consent_of(message: ConsentV1, *, takings: Iterable[Taking] = ()) -> Consent:
    """Return the consent that `message` registers, with what was taken back since; its sender is the recorder."""
    return Consent(
        id=message.id,
        subject=message.subject,
        recorder=message.sender,
        recorded_at=message.recorded_at,
        valid_from=message.valid_from,
        valid_to=message.valid_to,
        purposes=frozenset(message.purposes),
        grants=tuple(_grant_of(grant) for grant in message.grants),
        withheld=frozenset(withheld.compartment for withheld in message.withheld),
        derived_from=message.derived_from,
        takings=tuple(takings),
        given=giving_of(message),
    )


def giving_of(message: ConsentV1) -> Giving:
    """Return by whom and how `message` says that consent was given."""
    return Giving(
        grantor=message.grantor,
        age_band=message.age_band,
        assent=message.assent,
        caregiver=message.caregiver,
        decision=_decision_of(message.decision),
    )


def taking_of(message: RevocationV1, *, at: datetime) -> Taking:
    """Return what `message` takes back, recorded at `at`."""
    return Taking(
        at=at,
        by=message.by,
        recipients=None if message.recipients is None else frozenset(message.recipients),
        compartments=None if message.compartments is None else frozenset(message.compartments),
    )


def basis_of(basis: ConsentBasisV1 | OtherBasisV1) -> ConsentBasis | OtherBasis:
    """Return the ground of a disclosure as the decision takes it."""
    if isinstance(basis, ConsentBasisV1):
        return ConsentBasis(consent_id=basis.consent_id)
    return OtherBasis(
        kind=LegalBasisKind(basis.kind),
        article=basis.article,
        approver=basis.approver,
        notify_unsafe=basis.notify_unsafe,
        decision=_decision_of(basis.decision),
    )


def basis_document(basis: ConsentBasisV1 | OtherBasisV1) -> dict[str, Any]:
    """Return the basis exactly as it stands in the signed body: what the seal is bound to.

    Fields that the sender left out are left out, for the sender hashed them so (wire contract, section 4).
    """
    return basis.model_dump(mode="json", exclude_unset=True)


def _decision_of(decision: BestInterestV1 | None) -> BestInterest | None:
    if decision is None:
        return None
    workers = tuple(Worker(worker.actor, worker.sector.value) for worker in decision.workers)
    return BestInterest(workers, decision.reason, decision.at)


def _grant_of(grant: GrantV1) -> Grant:
    return Grant(
        recipients=frozenset(grant.recipients),
        service_types=frozenset(grant.service_types),
        compartments=frozenset(grant.compartments),
        onward=grant.onward,
    )
