"""Release halves: a live check of consent and stage for each compartment, and a ledger entry for each release."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.application.conflicts import check_not_kept_from
from gateway.application.declare_conflict import declare_conflict, is_declaration
from gateway.application.lineage import consent_lineage
from gateway.application.outcome import Admitted, Outcome, admitted, decided, receipt
from gateway.application.ports import Desk, StoredMessage
from gateway.application.report_event import about_referral, party_referral, record_on
from gateway.domain.arrival import OpeningAsked
from gateway.domain.referral import Half, HalfState, Referral
from shared.consent.decision import decide_release
from shared.consent.request import OtherBasis, Release
from shared.kernel.clock import from_wire
from shared.kernel.errors import NotPermitted
from shared.kernel.json_text import read_json, write_json
from shared.referral.blocked import blocked_hash
from shared.referral.opening import filed_reason
from shared.sop.model import Compartment, Party, Sop


@dataclass(frozen=True, slots=True)
class _Releases:
    shares: Mapping[Compartment, str]
    refused: Mapping[str, str]


def ask_opening(desk: Desk, command: OpeningAsked, *, sop: Sop) -> Outcome:
    """Release what may be opened now, and say of the rest why not."""
    return decided(
        desk,
        command.arrival,
        lambda: _admit(desk, command, sop),
        about=lambda: about_referral(desk, command.arrival, command.referral_id),
        posted_to=command.referral_id,
        replay=lambda stored: _replay(desk, command, sop, stored),
    )


def _replay(desk: Desk, command: OpeningAsked, sop: Sop, stored: StoredMessage) -> str:
    """Answer again: halves are not kept with the answer, so what may be released *now* is decided and recorded anew."""
    if is_declaration(command):
        return stored.answer
    referral = party_referral(desk, command.arrival, command.referral_id)
    check_not_kept_from(desk, referral, agency=command.arrival.sender, actor=command.actor, sop=sop)
    releases = _decide(desk, command, referral, sop)
    _record_each(desk, command, referral, releases)
    if releases.shares:
        desk.change_referral(_mark_opened(referral, releases))
    return write_json({**read_json(stored.answer), **_released(releases)})


def _released(releases: _Releases) -> dict[str, Any]:
    return {
        "shares": {name.value: share for name, share in releases.shares.items()},
        "refused": dict(releases.refused),
    }


def _admit(desk: Desk, command: OpeningAsked, sop: Sop) -> Admitted:
    arrival = command.arrival
    referral = party_referral(desk, arrival, command.referral_id)
    if referral.party(arrival.sender) is not Party.RECIPIENT:
        raise NotPermitted("referral.not-recipient", "Only the recipient of a referral opens its compartments.")
    check_not_kept_from(desk, referral, agency=arrival.sender, actor=command.actor, sop=sop)
    if is_declaration(command):
        return declare_conflict(desk, command, referral, sop=sop)
    releases = _decide(desk, command, referral, sop)
    opened = _mark_opened(referral, releases)
    recorded = record_on(desk, arrival, opened, code=filed_reason(command.reason))
    _record_each(desk, command, opened, releases)
    if opened is not referral:
        desk.change_referral(opened)
    kept = {"receipt": receipt(arrival, recorded)}
    desk.store_message(
        arrival, recorded=recorded, answer=write_json(kept), referral_id=referral.referral_id, deliver=False
    )
    return admitted({**_released(releases), **kept})


def _decide(desk: Desk, command: OpeningAsked, referral: Referral, sop: Sop) -> _Releases:
    lineage = consent_lineage(desk, referral.consent_id)
    shares: dict[Compartment, str] = {}
    refused: dict[str, str] = {}
    for name in command.compartments:
        half = referral.halves.get(name)
        if half is None:
            refused[name.value] = "seal.compartment-absent"
            continue
        decision = decide_release(release_of(referral, name, half), lineage=lineage, sop=sop, at=desk.at)
        if not decision.permitted:
            refused[name.value] = decision.reasons[0].code
        elif half.share is None:
            refused[name.value] = "seal.half-destroyed"
        else:
            shares[name] = half.share
    return _Releases(shares, refused)


def release_of(referral: Referral, name: Compartment, half: Half) -> Release:
    """Return the question whether this half may be released now."""
    ends_at = referral.basis_expires_at if isinstance(referral.basis, OtherBasis) else None
    return Release(
        recipient=referral.recipient,
        subject=referral.subject,
        service_type=referral.service_type,
        urgency=referral.urgency,
        age_band=referral.age_band,
        compartment=name,
        stage=half.stage,
        state=referral.state,
        basis=referral.basis,
        basis_ends_at=None if ends_at is None else from_wire(ends_at),
        blocked=blocked_hash(referral.chain_id, referral.recipient) in referral.blocked,
        guardian_unsafe=referral.guardian_unsafe,
    )


def _mark_opened(referral: Referral, releases: _Releases) -> Referral:
    if not releases.shares:
        return referral
    opened = {
        name: Half(half.stage, HalfState.OPENED, half.share) if name in releases.shares else half
        for name, half in referral.halves.items()
    }
    return replace(referral, halves=opened)


def _record_each(desk: Desk, command: OpeningAsked, referral: Referral, releases: _Releases) -> None:
    outcomes = [("release", name.value) for name in releases.shares] + [
        ("refusal", code) for code in releases.refused.values()
    ]
    for kind, code in outcomes:
        desk.record(
            kind,
            command.arrival.sender,
            message_id=command.arrival.message_id,
            referral_id=referral.referral_id,
            chain_id=referral.chain_id,
            consent_id=referral.consent_id,
            code=code,
            state=referral.state.value,
            trace_id=command.arrival.trace_id,
        )
