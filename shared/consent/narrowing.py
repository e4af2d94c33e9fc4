"""Whether a consent that was derived from another only narrows it, who may derive it, and what it loses with the other.

Promises: when `check_narrower` finds nothing, the child grants no compartment to anybody, for any service or
at any time, that the parent does not grant; and what is taken back of the parent later is taken from the child by
`with_takings_above`. Follows wire contract section 3 (`derived_from`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from shared.consent.citation import by_consent
from shared.consent.grant import Consent, Grant, Taking
from shared.kernel.errors import Reason
from shared.sop.model import Sop


def check_narrower(child: Consent, parent: Consent, *, deriver: str, sop: Sop) -> tuple[Reason, ...]:
    """Return why `deriver` may not register `child` as derived from `parent`; () when it may.

    1. It is the same subject, and the child says it was derived from this parent.
    2. The deriver recorded the parent, or was referred to under it and may refer on; and it recorded the child itself.
    3. Purposes and period lie inside the parent's.
    4. Each recipient gets, for each service, at most what the parent still allows it, and may refer
       on only where the parent lets it.
    """
    codes = dict.fromkeys(_wider(child, parent, deriver))
    return tuple(by_consent(code, sop) for code in codes)


def with_takings_above(child: Consent, above: Iterable[Consent]) -> Consent:
    """Return a derived consent with what was taken back of those `above` it, which goes with them.

    Of each taking only that is told which takes something from this consent: whom else it names is not its affair.
    """
    told = [_reaching(child, taking) for parent in above for taking in parent.takings]
    return replace(child, takings=(*child.takings, *[taking for taking in told if taking is not None]))


def _reaching(child: Consent, taking: Taking) -> Taking | None:
    """Return as much of a taking as reaches a consent; None when nothing of it does."""
    lost = [
        (recipient, compartment)
        for grant in child.grants
        for recipient in filter(taking.takes_from, grant.recipients)
        for compartment in grant.compartments - child.withheld
        if not taking.compartments or compartment in taking.compartments
    ]
    if not lost:
        return None
    recipients = frozenset(recipient for recipient, _ in lost) if taking.recipients else None
    compartments = frozenset(compartment for _, compartment in lost) if taking.compartments else None
    return replace(taking, recipients=recipients, compartments=compartments)


def _wider(child: Consent, parent: Consent, deriver: str) -> Iterator[str]:
    if child.subject != parent.subject:  # (1)
        yield "consent.subject"
    if child.derived_from != parent.id:  # (1)
        yield "consent.not-narrower"
    if child.recorder != deriver or not (deriver == parent.recorder or parent.may_pass_on(deriver)):  # (2)
        yield "consent.onward"
    if not child.purposes <= parent.purposes:  # (3)
        yield "consent.not-narrower"
    if child.valid_from < parent.valid_from or child.valid_to > parent.valid_to:  # (3)
        yield "consent.not-narrower"
    for grant in child.grants:  # (4)
        if not all(_inside(child, parent, grant, recipient) for recipient in grant.recipients):
            yield "consent.not-narrower"


def _inside(child: Consent, parent: Consent, grant: Grant, recipient: str) -> bool:
    """Say whether `recipient` gets no more from `grant` than the parent allows it."""
    if grant.onward and not parent.may_pass_on(recipient):
        return False
    asked = grant.compartments - child.withheld
    return all(asked <= parent.allowed(recipient, service) for service in grant.service_types)
