"""Answering every question of a referral's envelope before anything is sealed.

What the caller leaves open is taken from the referral this one continues (so that she is not asked twice, R-02),
from the consent, from the service type, or from this agency's place in the directory. What was said of one person is
never taken for another: a child linked to its mother's referral is asked of anew. Refuses content that does not
fit the schema of its compartment, or names somebody unsafe as a way to reach her.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.agency.acting import Caller
from shared.agency.ages import band_in, check_stated
from shared.agency.caregivers import accounts_of
from shared.agency.directory import ASK_AGAIN, BRIEFLY, Entry
from shared.agency.office import Office
from shared.agency.records import Box, ConsentRecord, Referral
from shared.agency.requests import ReferralRequest
from shared.agency.safe_contact import Unsafe, check_contact
from shared.consent.giving import GUARDIAN_UNSAFE
from shared.consent.grant import Consent
from shared.consent.procedure import urgency_for
from shared.kernel.clock import to_wire
from shared.kernel.encoding import b64url
from shared.kernel.errors import FieldFault, InputRejected, NotFound, PeerUnavailable
from shared.referral.blocked import blocked_hash
from shared.sop.compartments import check_plaintext
from shared.sop.model import AgeBand, AgeRules, Caregiver, ServiceType, Urgency
from shared.wire.facts import check_facts
from shared.wire.faults import pointer_to
from shared.wire.parts import ConsentBasisV1, OtherBasisV1

_PROVINCE_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Draft:
    """A referral with every question of the envelope answered, before it is minimised and sealed.

    `linked` is another person's referral of the same chain; `replaced` is this agency's own that nobody took, in whose
    place this one is sent; `kept_from` names whom an unsafe caregiver works as.
    """

    referral_id: str
    at: datetime
    request: ReferralRequest
    service: ServiceType
    urgency: Urgency
    parent: Referral | None
    linked: Referral | None
    replaced: Referral | None
    ages: AgeRules
    kept_from: Sequence[str]
    basis: ConsentBasisV1 | OtherBasisV1
    lineage: Sequence[Consent]
    subject: str
    area: str
    recipient: Entry

    @property
    def chain_id(self) -> str:
        """The chain this referral belongs to: that of the referrals it names, or its own."""
        named = self.parent or self.replaced or self.linked
        return named.chain_id if named else self.referral_id

    @property
    def parent_id(self) -> str | None:
        """The referral this one continues."""
        return self.parent.referral_id if self.parent else None

    @property
    def linked_id(self) -> str | None:
        """The other person's referral that this one is linked to."""
        return self.linked.referral_id if self.linked else None

    @property
    def replaces(self) -> str | None:
        """The referral in whose place this one is sent."""
        return self.replaced.referral_id if self.replaced else None

    @property
    def before(self) -> Referral | None:
        """The referral this one continues, when it is the same person's: what was said there need not be said again."""
        named = (one for one in (self.replaced, self.parent) if one and one.subject == self.subject)
        return next(named, None)

    def blocked(self) -> list[str]:
        """Return the salted hashes of whom the case is kept from, those of the chain so far included."""
        own = {blocked_hash(self.chain_id, who) for who in (*self.request.blocked, *self.kept_from)}
        return sorted(own.union(*(one.blocked for one in (self.parent, self.linked, self.replaced) if one)))

    def age_band(self) -> AgeBand:
        """Return the age band as said, else by the content, the referral before, the consent; else unknown."""
        if "age_band" in self.request.model_fields_set:
            return self.request.age_band
        stated = [consent.given.age_band for consent in self.lineage if consent.given.age_band is not None]
        before = AgeBand(self.before.age_band) if self.before else AgeBand.UNKNOWN
        known = (band_in(self.request.compartments, at=self.at), before, *stated)
        return next((band for band in known if band not in {None, AgeBand.UNKNOWN}), None) or AgeBand.UNKNOWN

    def unsafe(self) -> Unsafe:
        """Return what is known of those who care for her, from the consents, the referral before, and this request."""
        given = [consent.given for consent in self.lineage]
        said = [self.request.facts, self.before.facts if self.before else {}]
        anyone = any(facts.get(GUARDIAN_UNSAFE) is True for facts in said)
        anyone = anyone or any(one.knows_unsafe(self.ages) for one in given)
        return Unsafe(anyone, anyone and not any(one.caregiver is Caregiver.ANOTHER_UNSAFE for one in given))

    def facts(self) -> dict[str, Any]:
        """Return the coded facts; that a caregiver is unsafe travels with every referral of hers."""
        facts = dict(self.request.facts)
        return {**facts, GUARDIAN_UNSAFE: True} if self.unsafe().anyone else facts

    def preferences(self) -> Mapping[str, Any]:
        """Return how she wants to be met, as said before when nothing is said: she is not asked twice (R-02)."""
        if self.before and "preferences" not in self.request.model_fields_set:
            return self.before.preferences
        return self.request.preferences.model_dump(mode="json")

    def incident_at(self) -> str | None:
        """Return when it happened, as said before when nothing is said."""
        said = self.request.incident_at
        return to_wire(said) if said else (self.before.incident_at if self.before else None)


async def draft_of(
    office: Office, caller: Caller, request: ReferralRequest, *, unrecorded: Consent | None = None
) -> Draft:
    """Answer every question of the envelope. Raises `InputRejected`, `NotFound`, `PeerUnavailable`.

    `unrecorded` is a consent that will be recorded just before this is sent: for a look at what would travel.
    """
    service = office.service(request.service_type)
    check_facts(office.sop.facts, request.facts, pointer="/facts")
    _check_contents(office, request)
    who = (request.actor or caller.pseudonym, caller.pseudonym)
    parent = await office.referral(request.parent_id, *who) if request.parent_id else None
    linked = await office.referral(request.linked_id, *who) if request.linked_id else None
    replaced = await office.referral(request.replaces, *who) if request.replaces else None
    basis = _basis(request)
    lineage = await _lineage(office, basis, unrecorded)
    area = request.area or (before.area if (before := parent or replaced) else await _own_province(office))
    draft = Draft(
        referral_id=office.scribe.new_id(),
        at=office.clock.now(),
        request=request,
        service=service,
        urgency=request.urgency or urgency_for(service, request.facts),
        parent=parent,
        linked=linked,
        replaced=replaced,
        ages=office.sop.ages,
        kept_from=await _kept_from(office, lineage),
        basis=basis,
        lineage=lineage,
        subject=_subject(request, lineage, parent or replaced, linked),
        area=area,
        recipient=await _recipient(office, request, area),
    )
    _check_person(draft)
    _check_replaced(draft)
    return draft


def _check_replaced(draft: Draft) -> None:
    """Check that the referral in whose place this one is sent was this agency's own, and about the same."""
    before = draft.replaced
    same = before is None or (before.subject, before.service_type, before.chain_id, before.box) == (
        draft.subject,
        draft.service.code,
        draft.chain_id,
        Box.SENT,
    )
    if not same:
        message = "Name a referral of this chain that your agency sent for this person and service, and nobody took."
        fault = FieldFault("/replaces", "referral.replaces", message)
        raise InputRejected("referral.replaces", message, faults=(fault,))


def _check_person(draft: Draft) -> None:
    """Check what is said of the person: her age, who is safe, and that a linked referral is somebody else's."""
    contents = draft.request.compartments
    check_stated(draft.age_band(), contents, at=draft.at)
    check_contact(contents, draft.unsafe(), named_as=draft.ages.unsafe.named_as)
    if draft.linked is not None and draft.linked.subject == draft.subject:
        message = "This is the same person's. Record a consent of the other person's own, and refer on that one."
        fault = FieldFault("/linked_id", "referral.linked", message)
        raise InputRejected("referral.linked", message, faults=(fault,))
    if draft.linked is not None and draft.linked.chain_id != draft.chain_id:
        message = "Link to a referral of the same chain as the parent."
        fault = FieldFault("/linked_id", "referral.linked", message)
        raise InputRejected("referral.linked", message, faults=(fault,))


async def _kept_from(office: Office, lineage: Sequence[Consent]) -> Sequence[str]:
    """Return the accounts of unsafe caregivers that this agency noted with the consents of a line."""
    wary = [consent.id for consent in lineage if consent.given.knows_unsafe(office.sop.ages)]
    if not wary:
        return ()
    records = await office.store.read(lambda reading: reading.many(ConsentRecord, wary))
    return [who for record in records for who in accounts_of(office.vault, record)]


def _check_contents(office: Office, request: ReferralRequest) -> None:
    faults = [
        fault
        for name, content in request.compartments.items()
        for fault in check_plaintext(office.sop, name, content, under=f"/compartments{pointer_to(name)}")
    ]
    if faults:
        raise InputRejected(
            "compartment.invalid", "Some content does not fit the schema of its compartment.", faults=faults
        )


def _basis(request: ReferralRequest) -> ConsentBasisV1 | OtherBasisV1:
    if request.basis is not None:
        return request.basis
    return ConsentBasisV1(kind="consent", consent_id=request.consent_id or "")


async def _lineage(
    office: Office, basis: ConsentBasisV1 | OtherBasisV1, unrecorded: Consent | None
) -> tuple[Consent, ...]:
    if not isinstance(basis, ConsentBasisV1):
        return ()
    if unrecorded is not None and unrecorded.derived_from is None:
        return (unrecorded,)
    try:
        async with asyncio.timeout(BRIEFLY):
            if unrecorded is not None:
                return (unrecorded, *await office.grants.lineage(unrecorded.derived_from or ""))
            return await office.grants.lineage(basis.consent_id)
    except (PeerUnavailable, TimeoutError):  # another agency's consent, and nobody to ask: the gateway will decide
        return ()


def _subject(
    request: ReferralRequest, lineage: Sequence[Consent], parent: Referral | None, linked: Referral | None
) -> str:
    if lineage:
        return lineage[0].subject
    before = None if parent is None or (linked and linked.subject == parent.subject) else parent.subject
    return request.subject or before or b64url(secrets.token_bytes(16))


async def _own_province(office: Office) -> str:
    entry = await office.directory.entry(office.agency_id)
    areas = sorted(entry.names("areas"), key=len)
    if not areas:
        message = "Say in which area this is: this agency has none of its own in the directory."
        raise InputRejected("message.invalid", message, faults=(FieldFault("/area", "field.required", message),))
    return areas[0][:_PROVINCE_DIGITS]


async def _recipient(office: Office, request: ReferralRequest, area: str) -> Entry:
    agency_id = request.recipient or await _matched(office, request, area)
    try:
        return await office.directory.entry(agency_id, fresh=ASK_AGAIN)
    except NotFound as fault:
        message = "No such agency in the directory."
        unknown = FieldFault("/recipient", "agency.unknown", message)
        raise InputRejected("agency.unknown", message, faults=(unknown,)) from fault


async def _matched(office: Office, request: ReferralRequest, area: str) -> str:
    """Return the gateway's first proposal in her province that is not blocked; the gateway is not told who is."""
    wanted = {
        "service_type": request.service_type,
        "area": area,
        "preferences": request.preferences.model_dump(mode="json"),
        "exclude": [office.agency_id],
        "neighbours": False,
    }
    answer = await office.hub.post("/v1/matches", wanted)
    for match in answer.get("items", ()):
        if match["agency"] not in request.blocked:
            return str(match["agency"])
    raise NotFound("match.none", "No agency that gives this service there takes people now. Choose another area.")
