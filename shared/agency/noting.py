"""Writing to the caseworker on the other side of a referral: sealed for her, kept encrypted here."""

from collections.abc import Mapping
from typing import Any

from shared.agency.office import Office
from shared.agency.records import Letter, Note, Referral
from shared.agency.scribe import Route, sealed_compartments
from shared.agency.showing import summary
from shared.agency.vault import note_place
from shared.kernel.clock import to_wire
from shared.kernel.errors import ConsentRequired, Reason
from shared.sop.model import Compartment, Stage


async def write_note(
    office: Office, referral: Referral, content: Mapping[str, Any], *, actor: str
) -> tuple[Letter, Note]:
    """Seal and sign a note, and return it as it will leave and as it is kept.

    Raises `ConsentRequired` (`referral.ended`) once the case was sealed off.
    """
    if referral.wrapped_key is None:
        rule = office.sop.rules["R-16"]
        raise ConsentRequired(
            "referral.ended",
            "This case was sealed off here; nothing more is written about it.",
            reasons=[Reason("referral.ended", rule.id, rule.basis.citation)],
        )
    other, message_id = referral.other(office.agency_id), office.scribe.new_id()
    bundle = office.scribe.seal(
        {Compartment.NOTE: content},
        message_id=message_id,
        basis=referral.basis,
        recipient=await office.directory.encryption_key(other),
    )
    facts = {
        "recipient": other,
        "referral_id": referral.referral_id,
        "actor": actor,
        "basis": referral.basis,
        "sealed": bundle.sealed,
        "compartments": sealed_compartments(bundle, {Compartment.NOTE.value: Stage.TRIAGE}),
    }
    presented = {"referral": summary(referral, office.sop), "note": {"id": message_id}}
    route = Route(lane=referral.referral_id, hub_shares=bundle.hub_shares, presented=presented)
    letter = office.scribe.note(facts, message_id=message_id, route=route)
    return letter, _kept(office, letter, content, wrapped_key=referral.wrapped_key)


def _kept(office: Office, letter: Letter, content: Mapping[str, Any], *, wrapped_key: bytes) -> Note:
    case = office.vault.open_referral(letter.lane, wrapped_key)
    return Note(
        message_id=letter.message_id,
        referral_id=letter.lane,
        by=office.agency_id,
        at=to_wire(office.clock.now()),
        content=case.lock(note_place(letter.message_id), content),
    )
