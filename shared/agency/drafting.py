"""Answering every question of a referral's envelope before anything is sealed.

What the caller leaves open is taken from the referral this one continues (so that she is not asked twice, R-02),
from the consent, from the service type, or from this agency's place in the directory. Refuses content that does not
fit the schema of its compartment.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.agency.acting import Caller
from shared.agency.directory import ASK_AGAIN, BRIEFLY, Entry
from shared.agency.office import Office
from shared.agency.records import Referral
from shared.agency.requests import ReferralRequest
from shared.consent.grant import Consent
from shared.kernel.clock import to_wire
from shared.kernel.encoding import b64url
from shared.kernel.errors import FieldFault, InputRejected, NotFound, PeerUnavailable
from shared.referral.blocked import blocked_hash
from shared.sop.compartments import check_plaintext
from shared.sop.model import AgeBand, ServiceType, Urgency
from shared.wire.facts import check_facts
from shared.wire.faults import pointer_to
from shared.wire.parts import ConsentBasisV1, OtherBasisV1

_PROVINCE_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Draft:
    """A referral with every question of the envelope answered, before it is minimised and sealed."""

    referral_id: str
    at: datetime
    request: ReferralRequest
    service: ServiceType
    urgency: Urgency
    parent: Referral | None
    basis: ConsentBasisV1 | OtherBasisV1
    lineage: Sequence[Consent]
    subject: str
    area: str
    recipient: Entry

    @property
    def chain_id(self) -> str:
        """The chain this referral belongs to: the parent's, or its own."""
        return self.parent.chain_id if self.parent else self.referral_id

    @property
    def parent_id(self) -> str | None:
        """The referral this one continues."""
        return self.parent.referral_id if self.parent else None

    def blocked(self) -> list[str]:
        """Return the salted hashes of whom the case is kept from, those of the chain so far included."""
        own = {blocked_hash(self.chain_id, who) for who in self.request.blocked}
        return sorted(own | set(self.parent.blocked if self.parent else ()))

    def age_band(self) -> AgeBand:
        """Return the age band, the parent's when nothing is said."""
        said = self.request.age_band
        return AgeBand(self.parent.age_band) if said is AgeBand.UNKNOWN and self.parent else said

    def preferences(self) -> Mapping[str, Any]:
        """Return how she wants to be met, as the parent said when nothing is said: she is not asked twice (R-02)."""
        if self.parent and "preferences" not in self.request.model_fields_set:
            return self.parent.preferences
        return self.request.preferences.model_dump(mode="json")

    def incident_at(self) -> str | None:
        """Return when it happened, as the parent said when nothing is said."""
        said = self.request.incident_at
        return to_wire(said) if said else (self.parent.incident_at if self.parent else None)


async def draft_of(office: Office, caller: Caller, request: ReferralRequest) -> Draft:
    """Answer every question of the envelope. Raises `InputRejected`, `NotFound`, `PeerUnavailable`."""
    service = office.service(request.service_type)
    check_facts(office.sop.facts, request.facts, pointer="/facts")
    _check_contents(office, request)
    parent = await office.referral(request.parent_id, caller.pseudonym) if request.parent_id else None
    basis = _basis(request)
    lineage = await _lineage(office, basis)
    area = request.area or (parent.area if parent else await _own_province(office))
    referral_id = office.scribe.new_id()
    return Draft(
        referral_id=referral_id,
        at=office.clock.now(),
        request=request,
        service=service,
        urgency=request.urgency or service.urgency,
        parent=parent,
        basis=basis,
        lineage=lineage,
        subject=_subject(request, lineage, parent),
        area=area,
        recipient=await _recipient(office, request, area),
    )


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


async def _lineage(office: Office, basis: ConsentBasisV1 | OtherBasisV1) -> tuple[Consent, ...]:
    if not isinstance(basis, ConsentBasisV1):
        return ()
    try:
        async with asyncio.timeout(BRIEFLY):
            return await office.grants.lineage(basis.consent_id)
    except (PeerUnavailable, TimeoutError):  # another agency's consent, and nobody to ask: the gateway will decide
        return ()


def _subject(request: ReferralRequest, lineage: Sequence[Consent], parent: Referral | None) -> str:
    if lineage:
        return lineage[0].subject
    return request.subject or (parent.subject if parent else b64url(secrets.token_bytes(16)))


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
