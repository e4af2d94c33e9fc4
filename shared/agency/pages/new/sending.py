"""Step 5: the last look, and sending. What she told becomes a consent and a referral; the use cases do the rest.

Promises: what the page shows is computed by the same minimisation that is used before sealing; sent twice it acts once;
a refusal leaves everything as it was written.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.agency.consenting import as_if_recorded, record_consent
from shared.agency.drafting import Draft, draft_of
from shared.agency.minimising import HeldBack
from shared.agency.pages.new.candidates import Candidates, candidates
from shared.agency.pages.new.consent import Basis, read_basis
from shared.agency.pages.new.wants import Wants, read_wants
from shared.agency.pages.new.what import What, kinds_for, read_what
from shared.agency.pages.new.whom import read_whom
from shared.agency.pages.new.writing import Step, Writing
from shared.agency.referring import Parcel, pack, refer, see_off
from shared.agency.requests import ConsentRequest, ReferralRequest
from shared.agency.unsent import was_sent
from shared.kernel.encoding import b64url
from shared.kernel.errors import InputRejected
from shared.pages.schema_facts import Fact, shown
from shared.sop.model import Compartment, Stage
from shared.web.body import checked

_STEP_CODE: Final = "draft.step"


class StepOpen(InputRejected):
    """A step before this one is not finished; `step` is which."""

    def __init__(self, step: Step, fault: InputRejected) -> None:
        super().__init__(_STEP_CODE, fault.message, faults=fault.faults)
        self.step = step


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that was written, read and found right."""

    wants: Wants
    basis: Basis
    found: Candidates
    recipient: str
    what: What


@dataclass(frozen=True, slots=True)
class Told:
    """One kind of information on the last page: what of it travels, and when it can be read."""

    kind: Compartment
    at_once: bool
    facts: Sequence[Fact]


async def whole_of(writing: Writing) -> Whole:
    """Read every step. Raises `StepOpen` at the first that is not finished."""
    wants = _step("wants", lambda: read_wants(writing, writing.typed("wants")))
    basis = _step("consent", lambda: read_basis(writing, wants, writing.typed("consent")))
    found, writing = await candidates(writing, wants)
    recipient = _step("whom", lambda: read_whom(writing.typed("whom"), found, basis))
    kinds = await kinds_for(writing, wants, basis, recipient)
    what = _step("what", lambda: read_what(writing, wants, writing.typed("what"), kinds))
    return Whole(wants, basis, found, recipient, what)


async def preview(writing: Writing, whole: Whole) -> tuple[Draft, Parcel]:
    """Return what would be sent now. Raises what sending would, as far as this service decides."""
    consent_id = whole.basis.consent_id or writing.office.scribe.new_id()
    unrecorded, consent = None, await _consent(writing, whole)
    if consent is not None:
        subject = writing.known("subject") or b64url(secrets.token_bytes(16))
        unrecorded = as_if_recorded(writing.office, consent, subject=subject)
    request = request_of(writing, whole, consent_id=consent_id)
    draft = await draft_of(writing.office, writing.caller("look", {}), request, unrecorded=unrecorded)
    return draft, await see_off(writing.office, draft, pack(writing.office, draft))


async def send(writing: Writing, whole: Whole) -> str:
    """Record the consent, refer, and return the referral's id. Raises what the gateway answered."""
    consent_id = whole.basis.consent_id
    consent = await _consent(writing, whole)
    if consent is not None:
        caller = writing.caller("consent", consent.model_dump(mode="json"))
        recorded = await record_consent(writing.office, caller, consent)
        consent_id = str(recorded.body["consent"]["id"])
    request = request_of(writing, whole, consent_id=consent_id)
    answer = await refer(writing.office, writing.caller("refer", request.model_dump(mode="json")), request)
    referral_id = str(answer.body["referral"]["referral_id"])
    await was_sent(writing.office, writing.opened, referral_id)
    return referral_id


def request_of(writing: Writing, whole: Whole, *, consent_id: str | None) -> ReferralRequest:
    """Return the request that the steps make."""
    wants, what = whole.wants, whole.what
    replaces = writing.known("replaces")
    return checked(
        ReferralRequest,
        {
            "service_type": wants.service.code,
            "recipient": whole.recipient,
            "consent_id": None if whole.basis.law else consent_id,
            "basis": whole.basis.law.model_dump(mode="json") if whole.basis.law else None,
            "urgency": None if wants.urgency is wants.service.urgency else wants.urgency.value,
            "compartments": {kind.value: content for kind, content in what.compartments.items()},
            "preferences": wants.preferences,
            "facts": what.facts,
            "parent_id": writing.known("parent_id"),
            "replaces": replaces,
            "incident_at": what.incident_at,
            "area": _area(whole),
            "age_band": wants.age_band.value,
            "phoned_first": wants.phoned_first,
            "blocked": list(what.blocked),
            "subject": writing.known("subject") if whole.basis.law else None,
            "actor": writing.person.pseudonym,
        },
    )


def told_of(draft: Draft, parcel: Parcel, schemas: Mapping[Compartment, Any]) -> Sequence[Told]:
    """Return what the agency will learn: first what it can read before it decides."""
    told = [
        Told(kind, draft.service.stage(kind, draft.urgency) is Stage.TRIAGE, shown(schemas[kind], content))
        for kind, content in parcel.contents.items()
    ]
    return sorted(told, key=lambda one: not one.at_once)


def missing_of(draft: Draft, parcel: Parcel, maximum: frozenset[Compartment] | None) -> Sequence[Compartment]:
    """Return the kinds without which the service type cannot be asked for."""
    return sorted(draft.service.demanded(maximum) - parcel.contents.keys())


def held_back_of(parcel: Parcel) -> Sequence[HeldBack]:
    """Return what stays here, and why."""
    return sorted(parcel.held_back, key=lambda one: (one.compartment, one.fields))


async def _consent(writing: Writing, whole: Whole) -> ConsentRequest | None:
    """Return the consent to be recorded: a fresh one is of the same person, a derived one ends with the first."""
    asked = whole.basis.consent
    if asked is None:
        return None
    if whole.basis.mode == "new":
        return asked.model_copy(update={"subject": writing.known("subject")})
    first = await writing.office.grants.consent(asked.derived_from or "")
    if first is None or (asked.valid_to is not None and asked.valid_to <= first.valid_to):
        return asked
    return asked.model_copy(update={"valid_to": first.valid_to})


def _area(whole: Whole) -> str:
    """Return the area of the referral: as the directory says this agency serves it, else hers."""
    match = whole.found.one(whole.recipient)
    return str(match["area"]) if match else whole.wants.area


def _step(step: Step, read: Any) -> Any:
    try:
        return read()
    except InputRejected as fault:
        raise StepOpen(step, fault) from fault
