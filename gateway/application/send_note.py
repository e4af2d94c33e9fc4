"""Admit a note between the two caseworkers of a referral: sealed, under the same basis, delivered once."""

from dataclasses import replace

from gateway.application.ask_opening import release_of
from gateway.application.lineage import consent_lineage
from gateway.application.outcome import Admitted, Outcome, admitted, decided, receipt
from gateway.application.ports import Desk
from gateway.application.report_event import about_referral, party_referral, record_on
from gateway.application.sealing import check_sealed_for, halves_of, receiving_agency
from gateway.application.views import referral_answer
from gateway.domain.arrival import NoteSent
from shared.consent.decision import decide_release
from shared.kernel.errors import Conflict, ConsentRequired
from shared.sop.model import ENDS, Compartment, ReferralState, Sop

#: A note about these would reach for a case that is closed to the reader; a completed one may still need a word.
_SILENT = ENDS - {ReferralState.COMPLETED}


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
    if referral.state in _SILENT:
        raise Conflict("referral.ended", "This referral has ended; send a new referral instead of a note.")
    reader = receiving_agency(desk, referral.other(arrival.sender))
    check_sealed_for(reader, command.sealed_for)
    halves = halves_of(command.compartments, arrival.hub_shares)
    decision = decide_release(
        release_of(referral, Compartment.NOTE, halves[Compartment.NOTE]),
        lineage=consent_lineage(desk, referral.consent_id),
        sop=sop,
        at=desk.at,
    )
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
