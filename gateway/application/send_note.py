"""Admit a note between the two caseworkers of a referral: sealed, under the same basis, delivered once."""

from dataclasses import replace

from gateway.application.conflicts import check_not_listed
from gateway.application.lineage import consent_lineage
from gateway.application.note_reading import decide_note
from gateway.application.outcome import Admitted, Outcome, admitted, decided, receipt
from gateway.application.ports import Desk
from gateway.application.report_event import about_referral, party_referral, record_on
from gateway.application.sealing import check_sealed_for, halves_of, receiving_agency
from gateway.application.views import referral_answer
from gateway.domain.arrival import NoteSent
from gateway.domain.referral import SILENT, Referral
from shared.kernel.errors import Conflict, ConsentRequired, FieldFault, InputRejected
from shared.sop.model import Sop


def send_note(desk: Desk, command: NoteSent, *, sop: Sop) -> Outcome:
    """Admit or refuse one note."""
    return decided(
        desk,
        command.arrival,
        lambda: _admit(desk, command, sop),
        about=lambda: about_referral(desk, command.arrival, command.referral_id),
        posted_to=command.referral_id,
    )


def _admit(desk: Desk, command: NoteSent, sop: Sop) -> Admitted:
    arrival = command.arrival
    referral = party_referral(desk, arrival, command.referral_id)
    if command.actor is not None:
        check_not_listed(referral, actor=command.actor, sop=sop)
    _check_basis(command, referral)
    if referral.state in SILENT:
        raise Conflict("referral.ended", "This referral has ended; send a new referral instead of a note.")
    reader = receiving_agency(desk, referral.other(arrival.sender))
    check_sealed_for(reader, command.sealed_for)
    halves_of(command.compartments, arrival.hub_shares)
    lineage = consent_lineage(desk, referral.consent_id)
    decision = decide_note(desk, referral, reader=reader.id, lineage=lineage, sop=sop)
    if not decision.permitted:
        raise ConsentRequired(
            decision.reasons[0].code, "The consent no longer carries this note; see reasons.", reasons=decision.reasons
        )
    recorded = record_on(desk, arrival, referral, code=None)
    outcome = admitted({"referral": referral_answer(referral, sop=sop), "receipt": receipt(arrival, recorded)})
    addressed = replace(arrival, recipient=reader.id)
    desk.store_message(
        addressed, recorded=recorded, answer=outcome.answer, referral_id=referral.referral_id, deliver=True
    )
    return outcome


def _check_basis(command: NoteSent, referral: Referral) -> None:
    """Refuse a note that claims another basis than its referral has: what it says goes with the case."""
    if command.basis is not None and command.basis != referral.basis:
        message = "A note rests on what its referral rests on. Write the basis of the referral, or leave it out."
        raise InputRejected("message.basis", message, faults=[FieldFault("/basis", "message.basis", message)])
