"""What can be checked of a sealed message without reading it: labels, halves, and for whom it is sealed."""

from collections.abc import Mapping, Sequence

from gateway.application.ports import Desk
from gateway.domain.agency import Agency
from gateway.domain.arrival import SealedCompartment, SealedFor
from gateway.domain.referral import Half, HalfState
from shared.kernel.encoding import from_b64url, sha256_b64url
from shared.kernel.errors import FieldFault, InputRejected, MeshError, NotPermitted
from shared.seal.encryption import suite_of
from shared.sop.model import Compartment

SHARE_BYTES = 32


def receiving_agency(desk: Desk, agency_id: str | None) -> Agency:
    """Return the active agency a message is for. Raises `agency.unknown` or `agency.disabled`."""
    agency = desk.agency(agency_id) if agency_id else None
    if agency is None:
        message = "No such agency in the directory. Take the recipient's id from GET /v1/agencies."
        raise InputRejected("agency.unknown", message, faults=[FieldFault("/recipient", "agency.unknown", message)])
    if not agency.is_active:
        raise NotPermitted("agency.disabled", "The recipient is not active in the directory. Choose another agency.")
    return agency


def check_sealed_for(agency: Agency, sealed: SealedFor) -> None:
    """Refuse what is sealed for a key the recipient does not have, or under another suite: it could never be opened."""
    keys = [key for key in agency.jwks.get("keys", ()) if key.get("use") == "enc" and key.get("kid") == sealed.kid]
    if not keys:
        message = "Seal for the recipient's current encryption key; its kid is in the directory's JWKS."
        raise InputRejected("seal.key", message, faults=[FieldFault("/sealed/kid", "seal.key", message)])
    if suite_of(keys[0]) != sealed.suite:
        message = "The type of the key that kid names fixes the suite. Seal under the suite of that key."
        raise InputRejected("seal.suite", message, faults=[FieldFault("/sealed/suite", "seal.suite", message)])


def halves_of(compartments: Sequence[SealedCompartment], hub_shares: Mapping[str, str]) -> dict[Compartment, Half]:
    """Return the gateway's halves, each checked against the digest that the sender signed.

    Raises `InputRejected` (`seal.shares`) when halves and compartments do not match one to one.
    """
    digests = _digests(hub_shares)
    if digests != {label.name: label.share_sha256 for label in compartments}:
        raise _mismatch(
            [
                _fault(position)
                for position, label in enumerate(compartments)
                if digests.get(label.name) != label.share_sha256
            ]
        )
    return {label.name: Half(label.stage, HalfState.SEALED, hub_shares[label.name]) for label in compartments}


def _mismatch(faults: Sequence[FieldFault]) -> MeshError:
    return InputRejected(
        "seal.shares",
        "The Hub-Shares header must carry one 32-byte half per compartment, matching its signed share_sha256.",
        faults=faults,
    )


def _digests(hub_shares: Mapping[str, str]) -> dict[str, str | None]:
    """Return the digest of each half as it is signed; None for what can be no half of a key."""
    found: dict[str, str | None] = {}
    for name, share in hub_shares.items():
        try:
            half = from_b64url(share)
        except InputRejected:
            half = b""
        found[name] = sha256_b64url(half) if len(half) == SHARE_BYTES else None
    return found


def _fault(position: int) -> FieldFault:
    return FieldFault(
        f"/compartments/{position}/share_sha256", "seal.shares", "This digest does not match the half in Hub-Shares."
    )
