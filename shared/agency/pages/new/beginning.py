"""How a referral begins: from nothing, from one that is continued or replaced, or from a consent that is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.agency.pages.desk import PageDesk
from shared.agency.records import Box, ConsentRecord, Referral
from shared.kernel.errors import NotFound, PeerUnavailable
from shared.pages.forms import Form
from shared.people.records import Person


async def begun_from(
    desk: PageDesk, person: Person, form: Form
) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Any]]:
    """Return what the first step holds already, and what is known.

    Raises `NotFound` where there is no such referral or consent, or it is kept from her (R-11).
    """
    office = desk.practice.office
    parent, replaced, consent_id = (form.text(name) for name in ("parent", "replaces", "consent"))
    before = await office.referral(parent or replaced, person.pseudonym) if parent or replaced else None
    if before is not None:
        onward = before.box == Box.RECEIVED
        known = {
            "parent_id": before.referral_id if onward else None,
            "replaces": None if onward else before.referral_id,
            "consent_id": before.consent_id,
            "subject": before.subject,
        }
        return _as_before(before, same_service=not onward), known
    if consent_id:
        return {}, await _from_consent(desk, person, consent_id)
    return await _at_home(desk), {}


def _as_before(before: Referral, *, same_service: bool) -> Mapping[str, Sequence[str]]:
    """Return what was said before, so that she is not asked twice (R-02)."""
    wishes = before.preferences
    said = {
        "service_type": [before.service_type] if same_service else [],
        "province": [before.area[:2]],
        "commune": [before.area] if len(before.area) > len("00") else [],
        "age_band": [before.age_band],
        "staff_gender": [str(wishes.get("staff_gender", "any"))],
        "language": [str(wishes.get("language", "vi"))],
        "interpreter": ["on"] if wishes.get("interpreter") else [],
        "accompanied": ["on"] if wishes.get("accompanied") else [],
    }
    return {name: values for name, values in said.items() if values}


async def _from_consent(desk: PageDesk, person: Person, consent_id: str) -> Mapping[str, Any]:
    office = desk.practice.office
    record = await office.store.read(lambda reading: reading.get(ConsentRecord, consent_id))
    if record is None or await office.consent_is_kept_from(consent_id, person.pseudonym):
        raise NotFound("consent.unknown", "This agency has recorded no such consent.")
    return {"consent_id": consent_id, "subject": record.subject}


async def _at_home(desk: PageDesk) -> Mapping[str, Sequence[str]]:
    """Return the province of this agency: most people are helped where they are."""
    office = desk.practice.office
    try:
        entry = await office.directory.entry(office.agency_id)
    except PeerUnavailable:
        return {}
    areas = sorted(entry.names("areas"), key=len)
    return {"province": [areas[0][:2]]} if areas else {}
