"""Consent as a caseworker records it: who she is stays here, what she allows goes to the gateway.

Follows wire sections 3 and 7 and the consent form fields of GBVIMS. Nothing is granted by default: grantor, form
and every grant are said by the caller. Taking back is possible whatever the state.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from shared.agency.acting import Answer, Caller, post, replay
from shared.agency.office import Office
from shared.agency.records import QUEUED, ConsentRecord, Letter, Visit
from shared.agency.requests import ConsentRequest, RevocationRequest
from shared.agency.scribe import Route
from shared.kernel.clock import to_wire
from shared.kernel.encoding import b64url
from shared.kernel.errors import NotFound, PeerUnavailable

_DETAILS = "details"


async def record_consent(office: Office, caller: Caller, request: ConsentRequest) -> Answer:
    """Record a consent here and register it at the gateway. Raises what the gateway answers."""
    done = await replay(office, caller)
    if done is not None:
        return done
    consent_id, at = office.scribe.new_id(), office.clock.now()
    subject = request.subject or await _subject_above(office, request) or b64url(secrets.token_bytes(16))
    facts = _statement(office, request, subject=subject, at=at)
    presented = {"consent": {"id": consent_id, "state": QUEUED, "valid_to": facts["valid_to"], "subject": subject}}
    route = Route(lane=consent_id, waits_on=[request.derived_from] if request.derived_from else [], presented=presented)
    letter = office.scribe.consent(facts, message_id=consent_id, at=at, route=route)
    record = _record(office, request, letter, facts)
    return await post(office, caller, letter, also=lambda desk: desk.add(record))


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
    """Return a consent recorded here, with who the subject is. Raises `NotFound`. The reading is logged first."""
    record = await office.store.read(lambda reading: reading.get(ConsentRecord, consent_id))
    if record is None:
        raise NotFound("consent.unknown", "This agency has recorded no such consent.")
    await office.store.write(lambda desk: desk.add(visit))
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


async def _subject_above(office: Office, request: ConsentRequest) -> str | None:
    """Return the subject of the consent that this one narrows: it is the same person's case."""
    if request.derived_from is None:
        return None
    try:
        above = await office.grants.consent(request.derived_from)
    except PeerUnavailable:
        return None
    return above.subject if above is not None else None


def _statement(office: Office, request: ConsentRequest, *, subject: str, at: datetime) -> dict[str, Any]:
    valid_from = request.valid_from or at
    valid_to = request.valid_to or valid_from + timedelta(days=office.sop.consent_validity_days)
    said = request.model_dump(
        mode="json", exclude={"subject", "subject_details", "valid_from", "valid_to", "recorded_at"}
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
    details, wrapped = None, None
    if request.subject_details is not None:
        case, wrapped = office.vault.new_subject(letter.message_id)
        details = case.lock(_DETAILS, request.subject_details)
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
    )
