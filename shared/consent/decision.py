"""The one place where consent is decided. The gateway asks before it admits, the recipient before it opens.

Owns the answer and the order of its steps. Promises: denial is a result and not an exception; every
reason found is given, each with its rule and citation; the same question at the same time has the same
answer. Refuses whatever is empty, unknown or incomplete. Follows wire contract sections 3, 4 and 8 and
rules R-11, R-15 and R-16. What the caller must still do: verify the signature, take the directory facts from
the directory, record the decision in the ledger, and for a derived consent ask `check_narrower` at registration.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from shared.consent.citation import CONFLICT_RULE, SCOPE_RULE, by_consent, by_rule, by_service
from shared.consent.giving import giving_faults
from shared.consent.grant import Consent
from shared.consent.procedure import data_faults, ground_faults, precondition_faults, route_faults
from shared.consent.request import ConsentBasis, Disclosure, Release
from shared.consent.scope import is_whole, may_send, scope_faults, standing_faults
from shared.kernel.errors import Reason
from shared.kernel.values import value
from shared.sop.model import (
    ENDS,
    Compartment,
    LegalBasisKind,
    ReferralState,
    ServiceType,
    Sop,
    Stage,
    Urgency,
)

#: From here on the recipient has taken the case; it may open what is kept for those who accept.
ACCEPTED_STATES: frozenset[ReferralState] = frozenset(
    {
        ReferralState.ACCEPTED,
        ReferralState.SCHEDULED,
        ReferralState.IN_PROGRESS,
        ReferralState.ON_HOLD,
        ReferralState.UNREACHED,
    }
)


@value
class Decision:
    """The answer: permitted, or every reason why not."""

    permitted: bool
    reasons: tuple[Reason, ...]

    @classmethod
    def of(cls, reasons: Iterable[Reason]) -> "Decision":
        """Permit when there is no reason against; name each reason once, in the order found."""
        found = tuple(dict.fromkeys(reasons))
        return cls(permitted=not found, reasons=found)


def decide(disclosure: Disclosure, *, lineage: Sequence[Consent], sop: Sop, at: datetime) -> Decision:
    """Say whether this referral may go to this recipient at `at`, and if not, every reason why not.

    `lineage` is the consent of `disclosure.basis` and its ancestors, nearest first; () when the
    consent is not known or the basis is another.

    1. The service type is one of the procedure's.
    2. The recipient is not on the case's blocked list (R-11).
    3. One of the sender's sectors may send the service; the recipient offers it and serves the area;
       life at risk was telephoned first.
    4. The preconditions hold on the coded facts.
    5. Every required compartment is there (as far as the ground can carry it), none that is forbidden,
       and not nothing.
    6. A consent: the lineage is whole, and every member of it is for this subject and purpose, in
       its period, usable by the sender, and grants every compartment to this recipient for
       this service, less what was withheld or taken back (R-15, R-16). Each was given by those who may
       consent at her age.
    7. Another ground: it is one the service admits, carries no more than its maximum, and names
       the article and the approver where it must.
    """
    service = sop.services.get(disclosure.service_type)
    if service is None:  # (1)
        return Decision.of((by_rule("sop.service-unknown", SCOPE_RULE, sop),))
    return Decision.of(_against(disclosure, lineage, service, sop, at))


def decide_release(release: Release, *, lineage: Sequence[Consent], sop: Sop, at: datetime) -> Decision:
    """Say whether the hub's half of this compartment's key may be handed out at `at`.

    The consent is checked live, as it stands now and not as it stood when the referral was sent.

    1. The service type is one of the procedure's.
    2. The recipient is not on the case's blocked list (R-11).
    3. The referral has not ended; what is of stage `accepted` waits until it is accepted. Of what the
       message and the procedure say the stricter holds. In immediate danger nothing waits. A
       note may still be read when the service is completed.
    4. The service type lists the compartment (notes belong to none).
    5. Consent or other ground as in `decide`, for this one compartment; who sent it no longer matters.
       Access on a ground that a second person had to confirm has not ended unconfirmed.
    """
    service = sop.services.get(release.service_type)
    if service is None:  # (1)
        return Decision.of((by_rule("sop.service-unknown", SCOPE_RULE, sop),))
    return Decision.of(_against_release(release, lineage, service, sop, at))


def _against(
    disclosure: Disclosure, lineage: Sequence[Consent], service: ServiceType, sop: Sop, at: datetime
) -> Iterator[Reason]:
    if disclosure.blocked:  # (2)
        yield by_rule("referral.blocked", CONFLICT_RULE, sop)
    yield from route_faults(disclosure, service, sop)  # (3)
    yield from precondition_faults(disclosure, service)  # (4)
    yield from data_faults(disclosure, service, sop)  # (5)
    yield from _without_ground(
        disclosure, disclosure.compartments, lineage=lineage, service=service, sop=sop, at=at
    )  # (6) (7)
    if isinstance(disclosure.basis, ConsentBasis) and not _may_use(disclosure, lineage):  # (6)
        yield by_consent("consent.onward", sop)


def _may_use(disclosure: Disclosure, lineage: Sequence[Consent]) -> bool:
    sender, holds_parent = disclosure.sender, disclosure.holds_parent
    return not [consent for consent in lineage if not may_send(consent, sender=sender, holds_parent=holds_parent)]


def _against_release(
    release: Release, lineage: Sequence[Consent], service: ServiceType, sop: Sop, at: datetime
) -> Iterator[Reason]:
    if release.blocked:  # (2)
        yield by_rule("referral.blocked", CONFLICT_RULE, sop)
    is_note = release.compartment is Compartment.NOTE
    if release.state in ENDS and not (is_note and release.state is ReferralState.COMPLETED):  # (3)
        yield by_service("referral.ended", service)
    elif _waits(release, service):  # (3)
        yield by_service("referral.stage", service)
    if release.basis_ends_at is not None and release.basis_ends_at <= at:  # (5)
        access = sop.overrides.access
        yield Reason("basis.unconfirmed", access.id, access.basis.citation)
    if not is_note and release.compartment not in service.allowed:  # (4)
        yield by_service("sop.compartment-forbidden", service)
    yield from _without_ground(
        release, frozenset({release.compartment}), lineage=lineage, service=service, sop=sop, at=at
    )  # (5)


def _waits(release: Release, service: ServiceType) -> bool:
    """Say whether the half is kept for a recipient that has accepted, and this one has not."""
    if release.urgency is Urgency.IMMEDIATE or release.compartment is Compartment.NOTE:
        return False
    rule = service.compartments.get(release.compartment)
    kept = release.stage is Stage.ACCEPTED or rule is None or rule.stage is Stage.ACCEPTED
    return kept and release.state not in ACCEPTED_STATES


def _without_ground(
    question: Disclosure | Release,
    compartments: frozenset[Compartment],
    *,
    lineage: Sequence[Consent],
    service: ServiceType,
    sop: Sop,
    at: datetime,
) -> Iterator[Reason]:
    """Say why neither consent nor another ground carries `compartments` to the recipient."""
    basis = question.basis
    if not isinstance(basis, ConsentBasis):
        yield from ground_faults(basis, compartments=compartments, age_band=question.age_band, service=service, sop=sop)
        return
    if LegalBasisKind.CONSENT not in service.legal_bases:
        yield by_service("sop.basis", service)
    if not is_whole(lineage, basis.consent_id):
        yield by_consent("consent.missing", sop)
    for consent in lineage:
        for code in standing_faults(consent, subject=question.subject, at=at):
            yield by_rule(code, SCOPE_RULE, sop)
        for code in scope_faults(
            consent, recipient=question.recipient, service_type=service.code, compartments=compartments
        ):
            yield by_consent(code, sop)
    yield from giving_faults(
        [consent.given for consent in lineage],
        age_band=question.age_band,
        guardian_unsafe=question.guardian_unsafe,
        rules=sop.ages,
    )
