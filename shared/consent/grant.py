"""What a survivor agreed to: grants, what she withheld, and what she took back since.

Owns the set arithmetic of consent (R-15: per recipient, per service, per compartment) and its state.
Promises: nothing here can widen a consent; withholding and taking back only ever remove. Refuses to
read silence as agreement: an empty set grants nothing, and a taking that names nobody takes from all.
Follows wire contract section 3 (`consent`, `revocation`) and the consent form fields of GBVIMS.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.consent.giving import Giving
from shared.sop.model import Compartment

#: The purpose without which nothing may be disclosed to a service.
SERVICE = "service"
#: The purpose of non-identifying counts; never enough for a disclosure.
STATISTICS = "statistics"

_EVERYTHING = frozenset(Compartment)
_NOTHING: frozenset[Compartment] = frozenset()
_BY_HERSELF = Giving()


class ConsentState(StrEnum):
    """Where a consent stands. What is revoked stays revoked after it would have expired."""

    ACTIVE = "active"
    NARROWED = "narrowed"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Grant:
    """These recipients may receive these compartments for these services; `onward` lets them refer on."""

    recipients: frozenset[str]
    service_types: frozenset[str]
    compartments: frozenset[Compartment]
    onward: bool


@dataclass(frozen=True, slots=True)
class Taking:
    """One revocation. `recipients` or `compartments` None (or empty) means all of them.

    It holds from the moment it is recorded, whatever the clocks say: `at` is for the record.
    """

    at: datetime
    by: str
    recipients: frozenset[str] | None
    compartments: frozenset[Compartment] | None

    def takes_from(self, recipient: str) -> bool:
        """Say whether this revocation concerns `recipient`."""
        return not self.recipients or recipient in self.recipients


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as registered, with every revocation since. Valid from `valid_from` until before `valid_to`.

    `given` is by whom; nothing said means by herself, which no rule takes for a child's.
    """

    id: str
    subject: str
    recorder: str
    recorded_at: datetime
    valid_from: datetime
    valid_to: datetime
    purposes: frozenset[str]
    grants: tuple[Grant, ...]
    withheld: frozenset[Compartment]
    derived_from: str | None
    takings: tuple[Taking, ...]
    given: Giving = _BY_HERSELF

    def names(self, recipient: str) -> bool:
        """Say whether any grant names `recipient`, for whatever service."""
        return any(recipient in grant.recipients for grant in self.grants)

    def covers(self, recipient: str, service_type: str) -> bool:
        """Say whether any grant names `recipient` for `service_type`, whatever is left of it."""
        return any(recipient in g.recipients and service_type in g.service_types for g in self.grants)

    def granted(self, recipient: str, service_type: str) -> frozenset[Compartment]:
        """Return what was agreed to at the start: the grants less what was withheld."""
        found = _NOTHING
        for grant in self.grants:
            if recipient in grant.recipients and service_type in grant.service_types:
                found = found | grant.compartments if found else grant.compartments
        return found - self.withheld if self.withheld else found

    def taken(self, recipient: str) -> frozenset[Compartment]:
        """Return what has been taken back from `recipient` since."""
        found = _NOTHING
        for taking in self.takings:
            if taking.takes_from(recipient):
                found |= taking.compartments or _EVERYTHING
        return found

    def allowed(self, recipient: str, service_type: str) -> frozenset[Compartment]:
        """Return what `recipient` may receive for `service_type`: grants, less withheld, less taken back."""
        return self.granted(recipient, service_type) - self.taken(recipient)

    def may_pass_on(self, agency: str) -> bool:
        """Say whether `agency` was allowed to refer onward and still holds something under that grant."""
        return any(g.onward and agency in g.recipients and self._left(g, agency) for g in self.grants)

    def state(self, at: datetime) -> ConsentState:
        """Return the state at `at`. A consent that is not yet valid is active: it only waits."""
        before = [(g, recipient, g.compartments - self.withheld) for g in self.grants for recipient in g.recipients]
        lost = [self._left(grant, recipient) != had for grant, recipient, had in before]
        if any(lost) and not any(self._left(grant, recipient) for grant, recipient, _ in before):
            return ConsentState.REVOKED
        if at >= self.valid_to:
            return ConsentState.EXPIRED
        return ConsentState.NARROWED if any(lost) else ConsentState.ACTIVE

    def _left(self, grant: Grant, recipient: str) -> frozenset[Compartment]:
        return grant.compartments - self.withheld - self.taken(recipient)
