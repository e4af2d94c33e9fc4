"""Step 3: to whom. Who could take her, with the reasons in words; by consent only an agency that she said yes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.agency.pages.new.candidates import Candidates
from shared.agency.pages.new.consent import Basis
from shared.agency.pages.new.writing import Writing
from shared.pages.catalogue import N_
from shared.pages.forms import Form, wrong
from shared.sop.model import Compartment, ServiceType

_CHOOSE: Final = N_("Choose one agency.")
_NOT_AGREED: Final = N_(
    "She did not agree that this agency learns anything. Go back to her consent, or choose another."
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One agency on the page: whether she may be sent there, and if not, why."""

    match: Mapping[str, Any]
    agreed: bool
    lacking: Sequence[Compartment]


def offers(found: Candidates, basis: Basis, service: ServiceType) -> Sequence[Offer]:
    """Return the candidates: those she agreed to first, in the gateway's order."""
    made = [_offer(match, basis, service) for match in found.items]
    return sorted(made, key=lambda one: not one.agreed)


def _offer(match: Mapping[str, Any], basis: Basis, service: ServiceType) -> Offer:
    allowed = basis.allowed(match["agency"])
    if allowed is None:
        return Offer(match, agreed=True, lacking=())
    return Offer(match, agreed=bool(allowed), lacking=sorted(service.demanded() - allowed) if allowed else ())


def read_whom(form: Form, found: Candidates, basis: Basis) -> str:
    """Return the agency that was chosen. Raises `InputRejected`."""
    agency = form.text("recipient")
    if found.one(agency) is None:
        raise wrong("recipient", "field.choice", _CHOOSE)
    allowed = basis.allowed(agency)
    if allowed is not None and not allowed:
        raise wrong("recipient", "consent.recipient", _NOT_AGREED)
    return agency


def shown(writing: Writing, form: Form, found: Candidates, basis: Basis, service: ServiceType) -> dict[str, Any]:
    """Return what the page of this step shows."""
    return {
        "offers": offers(found, basis, service),
        "found": found,
        "kind_names": writing.sop.compartment_names,
        "typed": form,
    }
