"""Whether a consent that was derived from another only narrows it, and whether its maker may derive it.

Promises: when `check_narrower` finds nothing, the child grants no compartment to anybody, for any service or
at any time, that the parent does not grant. Follows wire contract section 3 (`derived_from`).
"""

from collections.abc import Iterator

from shared.consent.citation import by_consent
from shared.consent.grant import Consent, Grant
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
