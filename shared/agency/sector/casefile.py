"""The file of one received referral: what a sector writes about a person is encrypted under that referral's key.

Sealing the referral off destroys the key, so everything a sector kept about her under it is gone with it (R-16).
Refuses to open a file of a referral that was not received here, is not of the services an act is for, or is at another
point of its life: nobody works on a case before somebody took it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

from shared.agency.office import Office
from shared.agency.ports import Look
from shared.agency.records import Box, Holding, Referral
from shared.agency.standing import has_ended
from shared.agency.vault import OpenCase, is_entry
from shared.consent.decision import ACCEPTED_STATES
from shared.kernel.errors import Conflict, ConsentRequired, NotFound, Reason
from shared.sop.model import Compartment


class OfACase(Protocol):
    """A sector's record that belongs to one referral."""

    @property
    def referral_id(self) -> str:
        """The referral it belongs to."""
        ...


R = TypeVar("R", bound=OfACase)


class When(Enum):
    """At which point of a referral's life an act may be done."""

    OPEN = "open"  # from its arrival on until it ends: what must be known before anybody accepts
    ACCEPTED = "accepted"  # while this agency works on it
    KEPT = "kept"  # as long as its contents are here, after completion too: custody, certificates


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A referral with its key in hand: for as long as one unit of work or one look."""

    referral: Referral
    case: OpenCase

    def lock(self, place: str, value: Any) -> bytes:
        """Encrypt what is kept at a place of this file, such as `statement/<id>`."""
        return self.case.enter(place, value)

    def unlock(self, place: str, stored: bytes) -> Any:
        """Read what is kept at a place of this file, or one of its compartments.

        Raises `InternalFault` (`at-rest.unreadable`).
        """
        return self.case.entry(place, stored) if is_entry(stored) else self.case.unlock(place, stored)


def is_sealed_off(referral: Referral) -> bool:
    """Say whether casework of a referral is gone: with all of its contents, also where a law keeps evidence of it."""
    return referral.wrapped_key is None or referral.sealed_off_at is not None


def received(look: Look, referral_id: str, services: Collection[str]) -> Referral:
    """Return a received referral of some services, accepted or not.

    Raises `NotFound` (`referral.unknown`) when there is none, `Conflict` (`referral.service-other`) when it is for
    another service than the act.
    """
    referral = look.get(Referral, referral_id)
    if referral is None or referral.box != Box.RECEIVED:
        raise NotFound("referral.unknown", "This agency has not received such a referral.")
    if referral.service_type not in services:
        asked = ", ".join(sorted(services))
        raise Conflict("referral.service-other", f"This act belongs to {asked}; the referral asks for another service.")
    return referral


def open_file(
    office: Office, look: Look, referral_id: str, services: Collection[str], *, when: When = When.ACCEPTED
) -> CaseFile:
    """Open the file of a referral for an act.

    Raises as `received`; `Conflict` (`referral.not-accepted`, `referral.over`) at another point of its life than the
    act is for, and `ConsentRequired` (`referral.ended`) once it was sealed off.
    """
    referral = received(look, referral_id, services)
    if referral.wrapped_key is None or is_sealed_off(referral):
        rule = office.sop.rules["R-16"]
        raise ConsentRequired(
            "referral.ended",
            "This case was sealed off here; nothing more is written about it.",
            reasons=[Reason("referral.ended", rule.id, rule.basis.citation)],
        )
    if when is not When.KEPT and has_ended(referral.state):
        raise Conflict("referral.over", "This referral has ended; refer her anew if more is needed.")
    if when is When.ACCEPTED and referral.state not in ACCEPTED_STATES:
        raise Conflict("referral.not-accepted", "Accept the referral first; work on a case begins when it was taken.")
    return CaseFile(referral, office.vault.open_referral(referral_id, referral.wrapped_key))


def record_of(look: Look, kind: type[R], key: str, referral_id: str) -> R:
    """Return a record of a sector that belongs to this referral; another case's is not found either.

    Raises `NotFound` (`record.unknown`).
    """
    record = look.get(kind, key)
    if record is None or record.referral_id != referral_id:
        raise NotFound("record.unknown", "This case has no such record.")
    return record


def file_of(office: Office, referral: Referral) -> CaseFile | None:
    """Return the file of a referral for reading, whatever its state; None once it was sealed off."""
    if referral.wrapped_key is None or is_sealed_off(referral):
        return None
    return CaseFile(referral, office.vault.open_referral(referral.referral_id, referral.wrapped_key))


def contact_of(office: Office, referral_id: str, look: Look) -> Mapping[str, Any] | None:
    """Return how she may be contacted; None where that was not opened here, or is gone."""
    file = file_to_read(office, look, referral_id)
    for one in look.find(Holding, referral_id=referral_id, name=Compartment.CONTACT.value):
        if file is not None and one.content is not None:
            said: Mapping[str, Any] = file.unlock(one.name, one.content)
            return said
    return None


def file_to_read(office: Office, look: Look, referral_id: str) -> CaseFile | None:
    """Return the file of the referral with this id for reading; None when there is none, or it was sealed off."""
    referral = look.get(Referral, referral_id)
    return None if referral is None else file_of(office, referral)
