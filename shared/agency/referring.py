"""Referring a person: minimise, seal, sign, send; say what was sent and what was held back.

Follows the flow of the architecture ("How one referral flows", steps 2 and 3) and wire section 7. Decides
nothing about consent: the gateway does, and its refusal comes back as it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.agency.acting import Answer, Caller, post, replay
from shared.agency.drafting import Draft, draft_of
from shared.agency.minimising import HeldBack, HeldBackFor, minimise, trim_contents
from shared.agency.office import Office
from shared.agency.ports import Desk, Expected
from shared.agency.records import QUEUED, Box, Holding, HoldingState, Letter, Referral, Reroute, RerouteState
from shared.agency.requests import ReferralRequest
from shared.agency.safe_contact import without_unsafe
from shared.agency.scribe import Route, sealed_compartments
from shared.agency.sector.acting import Act, refused_act
from shared.agency.sector.departures import Leaving, Stays, staying
from shared.agency.showing import summary
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, ConsentRequired, MeshError, NotPermitted, Reason
from shared.referral.number import number_of
from shared.sop.model import Compartment, Stopped
from shared.wire.mapping import basis_of


@dataclass(frozen=True, slots=True)
class Parcel:
    """What travels, by compartment, and what stays."""

    contents: Mapping[Compartment, Mapping[str, Any]]
    held_back: Sequence[HeldBack]
    #: Nothing of it may travel: it is sent all the same, for the gateway to refuse and put on record.
    decided_by_gateway: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A referral that is sealed and signed, as it is kept here and as it will leave."""

    letter: Letter
    referral: Referral
    holdings: Sequence[Holding]


async def refer(
    office: Office,
    caller: Caller,
    request: ReferralRequest,
    *,
    also: Callable[[Desk, Referral], None] = lambda _desk, _referral: None,
) -> Answer:
    """Send one referral; `also` is kept in the same unit of work.

    Raises `InputRejected` for what cannot be sent, else what the gateway answered.
    """
    if request.parent_id is not None:  # first: whom a case is kept from is not answered again either
        await office.referral(request.parent_id, request.actor or caller.pseudonym, caller.pseudonym)
    done = await replay(office, caller)
    if done is not None:
        return done
    draft = await draft_of(office, caller, request)
    parcel = await _seen_off(office, caller, draft, pack(office, draft))
    if request.strict and parcel.held_back:
        raise _would_hold_back(parcel.held_back)
    written = write(office, draft, parcel)
    expects: list[Expected] = [(Referral, request.replaces)] if request.replaces else []

    def kept(desk: Desk) -> None:
        keep(desk, written)
        also(desk, written.referral)

    return await post(office, caller, written.letter, also=kept, expects=expects)


def keep(desk: Desk, written: Written) -> None:
    """Keep a written referral, and with one that nobody took that this stands in its place.

    Raises `Conflict` (`referral.replaced`) when another does already.
    """
    before = desk.get(Referral, written.referral.replaces) if written.referral.replaces else None
    if before is not None and before.rerouted_to is not None:
        raise Conflict("referral.replaced", "Another referral was sent in the place of this one already.")
    desk.add(written.referral)
    for holding in written.holdings:
        desk.add(holding)
    if before is not None:
        desk.change(before, rerouted_to=written.referral.referral_id)
        settle_by_hand(desk, before, at=written.referral.sent_at)


def settle_by_hand(desk: Desk, before: Referral, *, at: str) -> None:
    """Let a referral that was still to go on by itself rest: somebody has sent another in its place."""
    reroute = desk.get(Reroute, before.referral_id)
    if reroute is not None and reroute.state == RerouteState.WAITING:
        desk.change(reroute, state=RerouteState.STOPPED.value, code=Stopped.BY_HAND.code, settled_at=at)


def pack(office: Office, draft: Draft) -> Parcel:
    """Minimise by compartment, then by field; leave out whom nobody may call.

    Raises `ConsentRequired` when the service takes nothing of it.
    """
    minimum = minimise(
        frozenset(draft.request.compartments),
        recipient=draft.recipient.agency_id,
        service=draft.service,
        basis=basis_of(draft.basis),
        lineage=draft.lineage,
        sop=office.sop,
    )
    chosen = {name: draft.request.compartments[name] for name in minimum.sent if name in draft.service.compartments}
    safe, unsafe = without_unsafe(chosen, draft.unsafe())
    contents, fields = trim_contents(safe, service=draft.service)
    rule = office.sop.ages.unsafe
    fields += [
        HeldBack(name, HeldBackFor.UNSAFE_CAREGIVER, rule.id, rule.basis.citation, (field,)) for name, field in unsafe
    ]
    if not contents:
        reason = Reason("sop.compartment-forbidden", draft.service.code, draft.service.basis[0].citation)
        message = "Nothing was sent: the service type takes nothing of this."
        raise ConsentRequired("sop.compartment-forbidden", message, reasons=(reason,))
    return Parcel(contents, (*minimum.held_back, *fields), minimum.decided_by_gateway)


async def see_off(office: Office, draft: Draft, parcel: Parcel) -> Parcel:
    """Return what is left of a parcel once the sector's own rules have said what stays. Raises what they refuse.

    Raises `NotPermitted` (`referral.would-hold-back`) when nothing is left.
    """
    rules = office.profile.departures
    if not rules:
        return parcel
    leaving = Leaving(
        subject=draft.subject,
        recipient=draft.recipient.agency_id,
        consents=tuple(consent.id for consent in draft.lineage),
        contents=parcel.contents,
    )
    stays = await office.store.read(lambda reading: staying(rules, leaving, reading, office.rulebook))
    return _lightened(office, parcel, stays)


def _lightened(office: Office, parcel: Parcel, stays: Sequence[Stays]) -> Parcel:
    """Return a parcel without what stays here by a rule of the sector."""
    kept = {(one.compartment, one.field) for one in stays}
    lighter = {
        name: {field: value for field, value in content.items() if (name, field) not in kept}
        for name, content in parcel.contents.items()
    }
    held = [
        HeldBack(
            one.compartment,
            HeldBackFor.SECTOR_RULE,
            one.rule,
            office.rulebook.basis(one.rule).citation,
            (one.field,),
        )
        for one in stays
    ]
    contents = {name: content for name, content in lighter.items() if content}
    if not contents:
        raise _would_hold_back(held)
    return Parcel(contents, (*parcel.held_back, *held), parcel.decided_by_gateway)


async def _seen_off(office: Office, caller: Caller, draft: Draft, parcel: Parcel) -> Parcel:
    """See a parcel off; a refusal by a rule of the sector is in the journal."""
    try:
        return await see_off(office, draft, parcel)
    except MeshError as refusal:
        actor = draft.request.actor or caller.pseudonym
        raise await refused_act(
            office, caller, Act(name="refer", actor=actor, referral_id=draft.parent_id), refusal
        ) from refusal


def _would_hold_back(held_back: Sequence[HeldBack]) -> NotPermitted:
    reasons = [Reason(f"held-back.{one.reason.value.replace('_', '-')}", one.rule, one.basis) for one in held_back]
    message = "Nothing was sent: all of it, or with strict some of it, would have been held back. See the reasons."
    return NotPermitted("referral.would-hold-back", message, reasons=reasons)


def write(office: Office, draft: Draft, parcel: Parcel) -> Written:
    """Seal and sign what was packed."""
    envelope = _envelope(office, draft)
    basis: Mapping[str, Any] = envelope["basis"]
    stages = {name.value: draft.service.stage(name, draft.urgency) for name in parcel.contents}
    bundle = office.scribe.seal(
        parcel.contents, message_id=draft.referral_id, basis=basis, recipient=draft.recipient.encryption_key()
    )
    case, wrapped = office.vault.new_referral(draft.referral_id)
    referral = _record(office, draft, envelope, wrapped)
    route = Route(
        lane=draft.referral_id,
        waits_on=[
            one for one in (referral.consent_id, referral.parent_id, referral.linked_id, referral.replaces) if one
        ],
        hub_shares=bundle.hub_shares,
        presented=_presented(office, referral, parcel),
    )
    sealed = {"sealed": bundle.sealed, "compartments": sealed_compartments(bundle, stages)}
    letter = office.scribe.referral({**envelope, **sealed}, message_id=draft.referral_id, at=draft.at, route=route)
    holdings = [
        Holding(
            key=f"{draft.referral_id}/{name.value}",
            referral_id=draft.referral_id,
            name=name.value,
            stage=stages[name.value].value,
            state=HoldingState.OPENED.value,
            share_sha256=bundle.compartments[name.value].share_sha256,
            content=case.lock(name.value, content),
        )
        for name, content in parcel.contents.items()
    ]
    return Written(letter, referral, holdings)


def _basis(draft: Draft) -> dict[str, Any]:
    """Return the basis as it stands in the signed body, and as the seal is bound to it."""
    return draft.basis.model_dump(mode="json", exclude_none=True)


def _envelope(office: Office, draft: Draft) -> dict[str, Any]:
    return {
        "recipient": draft.recipient.agency_id,
        "sop": office.sop.version,
        "chain_id": draft.chain_id,
        "parent_id": draft.parent_id,
        "linked_id": draft.linked_id,
        "replaces": draft.replaces,
        "subject": draft.subject,
        "service_type": draft.service.code,
        "urgency": draft.urgency,
        "incident_at": draft.incident_at(),
        "area": draft.area,
        "age_band": draft.age_band(),
        "preferences": draft.preferences(),
        "facts": draft.facts(),
        "basis": _basis(draft),
        "phoned_first": draft.request.phoned_first,
        "blocked": tuple(draft.blocked()),
    }


def _record(office: Office, draft: Draft, envelope: Mapping[str, Any], wrapped: bytes) -> Referral:
    """Return the record of a referral; what is in the signed envelope is kept as it stands there."""
    basis = envelope["basis"]
    return Referral(
        referral_id=draft.referral_id,
        box=Box.SENT.value,
        chain_id=draft.chain_id,
        parent_id=draft.parent_id,
        sender=office.agency_id,
        recipient=draft.recipient.agency_id,
        subject=draft.subject,
        service_type=draft.service.code,
        urgency=draft.urgency.value,
        area=draft.area,
        age_band=envelope["age_band"].value,
        incident_at=envelope["incident_at"],
        preferences=envelope["preferences"],
        facts=envelope["facts"],
        basis=basis,
        consent_id=basis.get("consent_id"),
        phoned_first=draft.request.phoned_first,
        blocked=list(envelope["blocked"]),
        sealed=None,
        state=QUEUED,
        due={},
        next_due_at=None,
        sent_at=to_wire(draft.at),
        wrapped_key=wrapped,
        linked_id=draft.linked_id,
        number=number_of(draft.referral_id),
        replaces=draft.replaces,
    )


def _presented(office: Office, referral: Referral, parcel: Parcel) -> dict[str, Any]:
    return {
        "referral": summary(referral, office.sop),
        "sent": sorted(name.value for name in parcel.contents),
        "held_back": [_shown(one) for one in parcel.held_back],
    }


def _shown(one: HeldBack) -> dict[str, Any]:
    shown = {"compartment": one.compartment.value, "reason": one.reason.value, "rule": one.rule, "basis": one.basis}
    return {**shown, "fields": list(one.fields)} if one.fields else shown
