"""Take consent back: halves destroyed, waiting messages stopped, every holder down the line told, at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.application.chase_hold import ask_to_seal
from gateway.application.lineage import consent_lineage
from gateway.application.note_reading import decide_note
from gateway.application.outcome import About, Admitted, Outcome, admitted, decided, receipt
from gateway.application.ports import Desk, Recorded, StoredMessage
from gateway.application.report_event import moved
from gateway.application.revokers import check_revoker, unknown_consent
from gateway.application.views import consent_view
from gateway.domain.arrival import RevocationAsked
from gateway.domain.referral import Referral, destroy
from gateway.domain.withdrawal import Hold, HoldResult, answer_due_at
from shared.consent.grant import Consent, Taking
from shared.consent.narrowing import with_takings_above
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import Compartment, EventType, ReferralState, Sop

#: With what a message is settled that may not leave any more.
REVOKED = "revoked"

_Waiting = Mapping[str | None, Sequence[StoredMessage]]


@dataclass(frozen=True, slots=True)
class _Hit:
    """A referral that loses compartments, with its messages that still wait for delivery."""

    after: Referral
    lost: frozenset[Compartment]
    waiting: Sequence[StoredMessage]

    @property
    def never_left(self) -> bool:
        """Say whether the referral ends before anything of it was ever sent to its recipient."""
        return self.after.state is ReferralState.REVOKED and any(
            message.kind == "referral" and not message.attempted for message in self.waiting
        )


def revoke_consent(desk: Desk, command: RevocationAsked, *, sop: Sop) -> Outcome:
    """Admit or refuse one revocation.

    The steps: (1) the asker holds the case, and the word it reports takes this consent back; (2) find every referral
    that loses something, also under derived consents, and every note that nobody may read any more; (3) add the taking
    and record it; (4) destroy halves and stop what waits; (5) note what every holder owes, and tell it. The asker is
    told in the answer what itself has to seal off (`own`).
    """
    return decided(
        desk,
        command.arrival,
        lambda: _admit(desk, command, sop),
        about=lambda: About(consent_id=command.consent_id if desk.consent(command.consent_id) else None),
    )


def _admit(desk: Desk, command: RevocationAsked, sop: Sop) -> Admitted:
    arrival = command.arrival
    consent = desk.consent(command.consent_id)
    line = [consent, *desk.derived_consents(consent.id)] if consent else []
    under = desk.referrals_under([member.id for member in line])
    if consent is None:
        raise unknown_consent()
    check_revoker(desk, consent, under, agency_id=arrival.sender, by=command.by, rules=sop.ages)  # (1)
    taking = Taking(at=desk.at, by=command.by, recipients=command.recipients, compartments=command.compartments)
    taken = replace(consent, takings=(*consent.takings, taking))
    state = with_takings_above(taken, consent_lineage(desk, consent.id)[1:]).state(desk.at).value
    waiting = _waiting(desk, under)
    hits, unread = _hits(desk, under, taken, waiting, sop), _unread(desk, under, taken, waiting, sop)  # (2)
    recorded = desk.record(  # (3)
        "revocation",
        arrival.sender,
        message_id=arrival.message_id,
        message_sha256=arrival.sha256,
        consent_id=consent.id,
        code=command.by,
        state=state,
        trace_id=arrival.trace_id,
    )
    desk.take_back(consent, taking)
    for message in unread:  # (4)
        desk.settle_message(message, code=REVOKED)
    holds = [_carry_out(desk, command, hit, recorded=recorded, sop=sop) for hit in hits]  # (4) (5)
    own = [_own(hit, hold) for hit, hold in zip(hits, holds, strict=True) if hit.after.party(arrival.sender)]
    own += _recall_copies(desk, command, _copies(under, consent, taken, hits), recorded=recorded, sop=sop)  # (5)
    answer = {
        "consent": consent_view(taken, state=state),
        "notified": sorted({hold.agency for hold in holds if hold.notice is not None}),
        "own": own,
        "receipt": receipt(arrival, recorded),
    }
    outcome = admitted(answer)
    desk.store_message(arrival, recorded=recorded, answer=outcome.answer, referral_id=None, deliver=False)
    return outcome


def _waiting(desk: Desk, under: Sequence[Referral]) -> Mapping[str | None, Sequence[StoredMessage]]:
    """Return what waits to be delivered of these referrals; it is asked for at once."""
    waiting: dict[str | None, list[StoredMessage]] = {}
    for message in desk.unsettled([referral.referral_id for referral in under]):
        waiting.setdefault(message.referral_id, []).append(message)
    return waiting


def _hits(desk: Desk, under: Sequence[Referral], taken: Consent, waiting: _Waiting, sop: Sop) -> list[_Hit]:
    """Return what the taking hits."""
    losses = [loss for referral in under if (loss := _loss(desk, referral, taken, sop))]
    return [_Hit(after, lost, waiting.get(after.referral_id, ())) for after, lost in losses]


def _unread(desk: Desk, under: Sequence[Referral], taken: Consent, waiting: _Waiting, sop: Sop) -> list[StoredMessage]:
    """Return the notes that wait and may not be read after the taking, whatever else their referral loses."""
    return [
        message
        for referral in under
        for message in waiting.get(referral.referral_id, ())
        if message.kind == "note" and not _may_read(desk, message, referral, taken, sop)
    ]


def _may_read(desk: Desk, message: StoredMessage, referral: Referral, taken: Consent, sop: Sop) -> bool:
    line = _line_after(desk, referral, taken)
    return decide_note(desk, referral, reader=message.recipient, lineage=line, sop=sop).permitted


def _copies(under: Sequence[Referral], before: Consent, taken: Consent, hits: Sequence[_Hit]) -> list[_Hit]:
    """Return what senders of onward referrals lose of the copies that they kept, where the recipient loses it not."""
    told = {hit.after.referral_id: hit.lost for hit in hits}
    copies = []
    for referral in under:
        lost = taken.taken(referral.sender) - before.taken(referral.sender)
        lost &= frozenset(referral.halves) - told.get(referral.referral_id, frozenset())
        if lost and referral.sender != taken.recorder:
            copies.append(_Hit(referral, lost, ()))
    return copies


def _line_after(desk: Desk, referral: Referral, taken: Consent) -> Sequence[Consent]:
    """Return the consents that a referral rests on as they are after the taking."""
    lineage = consent_lineage(desk, referral.consent_id)
    return [taken if member.id == taken.id else member for member in lineage]


def _loss(desk: Desk, referral: Referral, taken: Consent, sop: Sop) -> tuple[Referral, frozenset[Compartment]] | None:
    """Return a referral as it is after the taking, and what it lost; None where it loses nothing."""
    left = _left(referral, _line_after(desk, referral, taken))
    lost = _left(referral, consent_lineage(desk, referral.consent_id)) - left
    if not lost:
        return None
    service = sop.services[referral.service_type]
    crippled = not left or not service.required.isdisjoint(lost)
    after = replace(referral, halves=destroy(referral.halves, lost))
    if crippled and not referral.has_ended:
        after = moved(after, ReferralState.REVOKED)
    return after, lost


def _left(referral: Referral, lineage: Sequence[Consent]) -> frozenset[Compartment]:
    left = frozenset(referral.halves)
    for member in lineage:
        left &= member.allowed(referral.recipient, referral.service_type)
    return left


def _carry_out(desk: Desk, command: RevocationAsked, hit: _Hit, *, recorded: Recorded, sop: Sop) -> Hold:
    """Apply one hit and return what its holder owes; its sender is told, too, except when it asked for this.

    Each notice is recorded with the state it tells of. Where nobody has to be told, the end itself is recorded.
    """
    referral, asker = hit.after, command.arrival.sender
    desk.change_referral(referral)
    if referral.state is ReferralState.REVOKED:
        for message in hit.waiting:
            if message.kind in {"referral", "note"}:
                desk.settle_message(message, code=REVOKED)
    hold = _hold(desk, command, hit, recorded=recorded, sop=sop)
    if referral.sender != asker:
        ask_to_seal(desk, hold, referral, agency=referral.sender, trace_id=command.arrival.trace_id)
    if not hit.never_left and referral.recipient != asker:
        notice = ask_to_seal(desk, hold, referral, agency=referral.recipient, trace_id=command.arrival.trace_id)
        hold = replace(hold, notice=notice)
    if hit.never_left and referral.sender == asker:
        _record_end(desk, referral, trace_id=command.arrival.trace_id)
    desk.holds.add(hold)
    return hold


def _recall_copies(
    desk: Desk, command: RevocationAsked, copies: Sequence[_Hit], *, recorded: Recorded, sop: Sop
) -> list[dict[str, Any]]:
    """Tell senders to seal off their copies of what they sent on; return what the asker has to seal off of its own.

    The recipient goes on with what is still agreed to, and nobody owes an answer for a copy: that of what the sender
    had received itself stands for both.
    """
    own = []
    for copy in copies:
        hold, sender = _hold(desk, command, copy, recorded=recorded, sop=sop), copy.after.sender
        if sender == command.arrival.sender:
            own.append(_own(copy, hold))
        else:
            ask_to_seal(desk, hold, copy.after, agency=sender, trace_id=command.arrival.trace_id)
    return own


def _record_end(desk: Desk, referral: Referral, *, trace_id: str) -> None:
    desk.record(
        "event",
        GATEWAY,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        consent_id=referral.consent_id,
        code=EventType.REVOKED.value,
        state=referral.state.value,
        trace_id=trace_id,
    )


def _hold(desk: Desk, command: RevocationAsked, hit: _Hit, *, recorded: Recorded, sop: Sop) -> Hold:
    """Return what the holder owes. Where nothing had left for it, the revocation itself is the proof of that."""
    referral, asked_at = hit.after, to_wire(desk.at)
    hold = Hold(
        consent_id=command.consent_id,
        revocation_id=command.arrival.message_id,
        referral_id=referral.referral_id,
        agency=referral.recipient,
        via=referral.sender,
        onward=referral.parent_id is not None,
        compartments=hit.lost,
        asked_at=asked_at,
        due_at=answer_due_at(asked_at, sop=sop),
    )
    if not hit.never_left:
        return hold
    return replace(hold, result=HoldResult.NEVER_OPENED, answered_at=asked_at, ledger_index=recorded.index)


def _own(hit: _Hit, hold: Hold) -> dict[str, Any]:
    return {
        "referral_id": hold.referral_id,
        "revocation_id": hold.revocation_id,
        "compartments": sorted(hold.compartments),
        "state": hit.after.state.value,
        "due_at": hold.due_at,
    }
