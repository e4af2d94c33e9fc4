"""Whether a consent that was derived from another only narrows it, who may derive it, and what it loses with the other.

Promises: when `check_narrower` finds nothing, the child grants no compartment to anybody, for any service or
at any time, that the parent does not grant; and what is taken back of the parent later is taken from the child by
`with_takings_above`. Follows wire contract section 3 (`derived_from`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from shared.consent.citation import by_consent
from shared.consent.grant import Consent, Grant, Taking
from shared.kernel.errors import Reason
from shared.sop.model import Sop

_DERIVED_FROM: Final = "/derived_from"


def check_narrower(child: Consent, parent: Consent, *, deriver: str, sop: Sop) -> tuple[Reason, ...]:
    """Return why `deriver` may not register `child` as derived from `parent`; () when it may.

    1. It is the same subject, and the child says it was derived from this parent.
    2. The deriver recorded the parent, or was referred to under it and may refer on; and it recorded the child itself.
    3. Purposes and period lie inside the parent's.
    4. Each recipient gets, for each service, at most what the parent still allows it, and may refer
       on only where the parent lets it.
    """
    codes = dict.fromkeys(code for code, _ in _wider(child, parent, deriver))
    return tuple(by_consent(code, sop) for code in codes)


def wider_places(child: Consent, parent: Consent, *, deriver: str) -> tuple[str, ...]:
    """Return where in a consent as it was sent (JSON Pointers) it is wider than its parent, for whom it may be told.

    Whoever may not derive from the parent is told that alone: the rest would say what it holds.
    """
    places = {place for _, place in _wider(child, parent, deriver)}
    return (_DERIVED_FROM,) if _DERIVED_FROM in places else tuple(sorted(places))


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


def _wider(child: Consent, parent: Consent, deriver: str) -> Iterator[tuple[str, str]]:
    """Yield each fault as its code, and where in the message it is."""
    if child.subject != parent.subject:  # (1)
        yield "consent.subject", "/subject"
    if child.derived_from != parent.id:  # (1)
        yield "consent.not-narrower", _DERIVED_FROM
    if child.recorder != deriver or not (deriver == parent.recorder or parent.may_pass_on(deriver)):  # (2)
        yield "consent.onward", _DERIVED_FROM
    for place in (*_wider_terms(child, parent), *_wider_grants(child, parent)):
        yield "consent.not-narrower", place


def _wider_terms(child: Consent, parent: Consent) -> Iterator[str]:
    if not child.purposes <= parent.purposes:  # (3)
        yield "/purposes"
    if child.valid_from < parent.valid_from:  # (3)
        yield "/valid_from"
    if child.valid_to > parent.valid_to:  # (3)
        yield "/valid_to"


def _wider_grants(child: Consent, parent: Consent) -> Iterator[str]:
    for position, grant in enumerate(child.grants):  # (4)
        for recipient in grant.recipients:
            for member in _wider_members(child, parent, grant, recipient):
                yield f"/grants/{position}/{member}"


def _wider_members(child: Consent, parent: Consent, grant: Grant, recipient: str) -> Iterator[str]:
    """Yield in which of its members a grant gives `recipient` more than the parent allows it."""
    if grant.onward and not parent.may_pass_on(recipient):
        yield "onward" if parent.names(recipient) else "recipients"
    asked = grant.compartments - child.withheld
    for service in grant.service_types:
        if not asked <= parent.allowed(recipient, service):
            named = "service_types" if parent.names(recipient) else "recipients"
            yield "compartments" if parent.covers(recipient, service) else named
