"""Take consent back: halves destroyed, waiting messages stopped, every holder down the line told, at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from gateway.application.lineage import consent_lineage
from gateway.application.outcome import About, Outcome, decided, receipt
from gateway.application.ports import Desk, Held, StoredMessage
from gateway.application.report_event import moved
from gateway.application.views import consent_view
from gateway.domain.arrival import RevocationAsked
from gateway.domain.referral import Referral, destroy
from shared.consent.grant import Consent, Taking
from shared.kernel.clock import to_wire
from shared.kernel.errors import NotFound
from shared.sop.model import Compartment, Presence, ReferralState, Sop

#: House rule: a holder seals the data off and answers within this time; the statute's limits are longer.
ANSWER_WITHIN = timedelta(hours=24)


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

    The steps: (1) the asker recorded the consent or holds data under it; (2) find every referral that loses
    something, also under derived consents; (3) add the taking and record it; (4) destroy halves and stop what
    waits; (5) tell every holder, and note what it owes.
    """
    return decided(
        desk,
        command.arrival,
        lambda: _admit(desk, command, sop),
        about=lambda: About(consent_id=command.consent_id if desk.consent(command.consent_id) else None),
    )


def _admit(desk: Desk, command: RevocationAsked, sop: Sop) -> Mapping[str, Any]:
    arrival = command.arrival
    consent = desk.consent(command.consent_id)
    line = [consent, *desk.derived_consents(consent.id)] if consent else []
    under = desk.referrals_under([member.id for member in line])
    if consent is None or not _may_revoke(consent, under, arrival.sender):  # (1)
        raise NotFound("consent.unknown", "No such consent that your agency recorded or holds data under.")
    taking = Taking(at=desk.at, by=command.by, recipients=command.recipients, compartments=command.compartments)
    taken = replace(consent, takings=(*consent.takings, taking))
    hits = [hit for referral in under if (hit := _hit(desk, referral, taken, sop))]  # (2)
    recorded = desk.record(  # (3)
        "revocation",
        arrival.sender,
        message_id=arrival.message_id,
        message_sha256=arrival.sha256,
        consent_id=consent.id,
        code=command.by,
        state=taken.state(desk.at).value,
        trace_id=arrival.trace_id,
    )
    desk.take_back(consent, taking)
    told = [agency for hit in hits if (agency := _carry_out(desk, command, hit))]  # (4) (5)
    answer = {
        "consent": consent_view(taken, state=taken.state(desk.at).value),
        "notified": sorted(set(told)),
        "receipt": receipt(arrival, recorded),
    }
    desk.store_message(arrival, recorded=recorded, answer=answer, referral_id=None, deliver=False)
    return answer


def _may_revoke(consent: Consent, under: Sequence[Referral], agency_id: str) -> bool:
    return consent.recorder == agency_id or any(referral.party(agency_id) for referral in under)


def _hit(desk: Desk, referral: Referral, taken: Consent, sop: Sop) -> _Hit | None:
    lineage = consent_lineage(desk, referral.consent_id)
    left = _left(referral, [taken if member.id == taken.id else member for member in lineage])
    lost = _left(referral, lineage) - left
    if not lost:
        return None
    service = sop.services[referral.service_type]
    crippled = not left or not service.having(Presence.REQUIRED).isdisjoint(lost)
    after = replace(referral, halves=destroy(referral.halves, lost))
    if crippled and not referral.has_ended:
        after = moved(after, ReferralState.REVOKED)
    return _Hit(after, lost, desk.unsettled([referral.referral_id]))


def _left(referral: Referral, lineage: Sequence[Consent]) -> frozenset[Compartment]:
    left = frozenset(referral.halves)
    for member in lineage:
        left &= member.allowed(referral.recipient, referral.service_type)
    return left


def _carry_out(desk: Desk, command: RevocationAsked, hit: _Hit) -> str | None:
    """Apply one hit; return the holder that was told, None when the data never left for it."""
    referral = hit.after
    desk.change_referral(referral)
    if referral.state is ReferralState.REVOKED:
        for message in hit.waiting:
            if message.kind in {"referral", "note"}:
                desk.settle_message(message, code="revoked")
    due_at = to_wire(desk.at + ANSWER_WITHIN)
    _hold(desk, command, hit, due_at=due_at)
    data = {
        "consent_id": command.consent_id,
        "compartments": sorted(name.value for name in hit.lost),
        "state": referral.state.value,
        "due_at": due_at,
    }
    concerned = {referral.sender} if hit.never_left else {referral.sender, referral.recipient}
    for agency in sorted(concerned - {command.arrival.sender}):
        desk.notify(
            agency, type="revoked", referral_id=referral.referral_id, data=data, trace_id=command.arrival.trace_id
        )
    return referral.recipient if referral.recipient in concerned - {command.arrival.sender} else None


def _hold(desk: Desk, command: RevocationAsked, hit: _Hit, *, due_at: str) -> None:
    desk.hold(
        Held(
            consent_id=command.consent_id,
            agency=hit.after.recipient,
            referral_id=hit.after.referral_id,
            via=hit.after.sender,
            due_at=due_at,
            result="never_opened" if hit.never_left else "pending",
        )
    )
