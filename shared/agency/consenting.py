"""Consent as a caseworker records it: who she is stays here, what she allows goes to the gateway.

Follows wire sections 3 and 7 and the consent form fields of GBVIMS. Nothing is granted by default: grantor, form
and every grant are said by the caller. Taking back is possible whatever the state.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from shared.agency.acting import Answer, Caller, post, pseudonym_of, replay
from shared.agency.caregivers import accounts_of, note_accounts
from shared.agency.grants import consent_of_statement, keep_renewed
from shared.agency.office import Office
from shared.agency.ports import Desk
from shared.agency.records import QUEUED, ConsentRecord, Letter, Visit
from shared.agency.requests import ConsentRequest, RevocationRequest
from shared.agency.scribe import Route
from shared.consent.grant import Consent
from shared.kernel.clock import later, to_wire
from shared.kernel.encoding import b64url
from shared.kernel.errors import NotFound, PeerUnavailable

_DETAILS = "details"


async def record_consent(office: Office, caller: Caller, request: ConsentRequest) -> Answer:
    """Record a consent here and register it at the gateway. Raises what the gateway answers."""
    done = await replay(office, caller)
    if done is not None:
        return done
    consent_id, at = office.scribe.new_id(), office.clock.now()
    above = await _above(office, request)
    subject = request.subject or (above.subject if above else b64url(secrets.token_bytes(16)))
    facts = _statement(office, request, subject=subject, at=at)
    if request.age_band is None and above is not None and above.given.age_band is not None:
        facts["age_band"] = above.given.age_band.value
    presented = {"consent": {"id": consent_id, "state": QUEUED, "valid_to": facts["valid_to"], "subject": subject}}
    route = Route(lane=consent_id, waits_on=[request.derived_from] if request.derived_from else [], presented=presented)
    letter = office.scribe.consent(facts, message_id=consent_id, at=at, route=route)
    record = _record(office, request, letter, facts)
    return await post(office, caller, letter, also=lambda desk: desk.add(record))


def as_if_recorded(office: Office, request: ConsentRequest, *, subject: str) -> Consent:
    """Return the consent that a request would make, for a look at what it would let travel. Nothing is recorded."""
    at = office.clock.now()
    facts = _statement(office, request, subject=subject, at=at)
    return consent_of_statement({**facts, "id": office.scribe.new_id(), "sender": office.agency_id})


async def revoke_consent(office: Office, caller: Caller, consent_id: str, request: RevocationRequest) -> Answer:
    """Take consent back. Whoever recorded it or holds data under it may pass her word on; the gateway checks."""
    done = await replay(office, caller)
    if done is not None:
        return done
    record = await office.store.read(lambda reading: reading.get(ConsentRecord, consent_id))
    presented: dict[str, Any] = {"consent": {"id": consent_id, "state": QUEUED}, "notified": []}
    if record is not None:
        presented["consent"] |= {"valid_to": record.valid_to, "subject": record.subject}
    facts = {"consent_id": consent_id, **request.model_dump(mode="json")}
    letter = office.scribe.revocation(facts, route=Route(lane=consent_id, presented=presented))
    office.grants.forget(consent_id)
    return await post(office, caller, letter)


async def show_consent(office: Office, visit: Visit, consent_id: str) -> dict[str, Any]:
    """Return a consent recorded here, with who the subject is. Raises `NotFound`. The reading is logged first.

    What was taken back elsewhere is shown too, as far as the gateway can be asked or has told.

    A caregiver who was recorded as unsafe does not learn that it exists, nor does anybody the case is kept from (R-11).
    """
    record = await office.store.read(lambda reading: reading.get(ConsentRecord, consent_id))
    hidden = await office.consent_is_kept_from(consent_id, visit.actor, pseudonym_of(office.agency_id, visit.client))
    if hidden or record is None or not {visit.actor, visit.client}.isdisjoint(accounts_of(office.vault, record)):
        raise NotFound("consent.unknown", "This agency has recorded no such consent.")
    record = await _looked_at(office, record, visit)
    details = None
    if record.wrapped_key is not None and record.details is not None:
        details = office.vault.open_subject(consent_id, record.wrapped_key).unlock(_DETAILS, record.details)
    shown = {name: value for name, value in record.statement.items() if name not in {"id", "sender"}}
    return {
        "consent": {"id": record.consent_id, "state": record.state, "valid_to": record.valid_to},
        **shown,
        "takings": list(record.takings),
        "subject_details": details,
    }


async def _looked_at(office: Office, record: ConsentRecord, visit: Visit) -> ConsentRecord:
    """Return a record as it stands now, once the reading is logged."""
    renewed = await office.grants.renewed(record)

    def work(desk: Desk) -> None:
        desk.add(visit)
        if renewed is not None:
            keep_renewed(desk, renewed)

    await office.store.write(work, expects=[(ConsentRecord, record.consent_id)])
    return renewed or record


async def check_consent_seen(office: Office, consent_id: str, *who: str) -> None:
    """Refuse whoever a case under this consent is kept from, in the gateway's words for a consent that is not there."""
    if await office.consent_is_kept_from(consent_id, *who):
        raise NotFound("consent.unknown", "No such consent that your agency recorded or is named in.")


async def _above(office: Office, request: ConsentRequest) -> Consent | None:
    """Return the consent that this one narrows, where it can be known: it is the same person's case."""
    if request.derived_from is None:
        return None
    try:
        return await office.grants.consent(request.derived_from)
    except PeerUnavailable:
        return None


def _statement(office: Office, request: ConsentRequest, *, subject: str, at: datetime) -> dict[str, Any]:
    valid_from = request.valid_from or at
    valid_to = request.valid_to or later(valid_from, timedelta(days=office.sop.consent_validity_days))
    said = request.model_dump(
        mode="json",
        exclude={"subject", "subject_details", "valid_from", "valid_to", "recorded_at", "caregiver_works_as"},
    )
    return {
        **said,
        "subject": subject,
        "recorded_at": to_wire(request.recorded_at or at),
        "valid_from": to_wire(valid_from),
        "valid_to": to_wire(valid_to),
        "information_version": request.information_version or office.sop.version,
    }


def _record(office: Office, request: ConsentRequest, letter: Letter, facts: dict[str, Any]) -> ConsentRecord:
    details, kept_from, wrapped = None, None, None
    if request.subject_details is not None or request.caregiver_works_as:
        case, wrapped = office.vault.new_subject(letter.message_id)
        details = None if request.subject_details is None else case.lock(_DETAILS, request.subject_details)
        kept_from = note_accounts(case, request.caregiver_works_as)
    return ConsentRecord(
        consent_id=letter.message_id,
        subject=facts["subject"],
        state=QUEUED,
        valid_to=facts["valid_to"],
        statement={**facts, "id": letter.message_id, "sender": office.agency_id},
        takings=[],
        derived_from=request.derived_from,
        recorded_at=facts["recorded_at"],
        wrapped_key=wrapped,
        details=details,
        kept_from=kept_from,
    )
