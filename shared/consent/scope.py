"""What one consent, and the line of consents it was derived from, says about one disclosure.

Owns the codes `consent.*`. Promises: every member of the lineage must permit, so an ancestor taken
back takes back what was derived from it, and a lineage with a member left out counts as no consent.
Refuses the empty case: no lineage, no grant, nothing left.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from shared.consent.grant import SERVICE, Consent
from shared.sop.model import Compartment

_NOTE = frozenset({Compartment.NOTE})


def is_whole(lineage: Sequence[Consent], consent_id: str) -> bool:
    """Say whether `lineage` is `consent_id` and all its ancestors, nearest first, none left out."""
    wanted: str | None = consent_id
    for consent in lineage:
        if consent.id != wanted:
            return False
        wanted = consent.derived_from
    return wanted is None


def standing_faults(consent: Consent, *, subject: str, at: datetime) -> Iterator[str]:
    """Name what is wrong with the consent whoever receives: subject, purpose, period."""
    if consent.subject != subject:
        yield "consent.subject"
    if SERVICE not in consent.purposes:
        yield "consent.purpose"
    if at < consent.valid_from:
        yield "consent.not-yet-valid"
    if at >= consent.valid_to:
        yield "consent.expired"


def scope_faults(
    consent: Consent, *, recipient: str, service_type: str, compartments: frozenset[Compartment]
) -> Iterator[str]:
    """Name what is wrong with giving `compartments` to `recipient` for `service_type` under this consent."""
    granted = consent.granted(recipient, service_type)
    if not granted and not consent.covers(recipient, service_type):
        yield "consent.service" if consent.names(recipient) else "consent.recipient"
        return
    if not _within(compartments, consent, granted):
        yield "consent.compartment"
    taken = consent.taken(recipient)
    if taken and (granted <= taken or not taken.isdisjoint(compartments)):
        yield "consent.revoked"


def may_send(consent: Consent, *, sender: str, holds_parent: bool) -> bool:
    """Say whether `sender` may use this consent: it recorded it, or it was referred to and may refer on."""
    return sender == consent.recorder or (holds_parent and consent.may_pass_on(sender))


def _within(compartments: frozenset[Compartment], consent: Consent, granted: frozenset[Compartment]) -> bool:
    """Say whether the consent granted all this; a note goes with the case, unless notes are withheld."""
    if compartments == _NOTE:
        return bool(granted) and Compartment.NOTE not in consent.withheld
    return compartments <= granted
