"""The one way in for signed messages: authenticate the bytes, parse, decide, record, answer.

The steps: (1) verify the signature over the exact bytes with the caller's keys; (2) parse; (3) the
signer is the sender; (4) hand the command to its use case, in one unit of work with others; (5) sign
the receipt. A refusal at any step is in the ledger before the caller hears of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from gateway.adapters.desk import SqlDesk
from gateway.adapters.tables import AGENCIES, CONSENTS, MESSAGES, REFERRALS
from gateway.application.ask_opening import ask_opening
from gateway.application.outcome import Outcome, Refused
from gateway.application.record_consent import record_consent
from gateway.application.report_event import report_event
from gateway.application.revoke_consent import revoke_consent
from gateway.application.send_note import send_note
from gateway.application.send_referral import send_referral
from gateway.domain.arrival import Arrival
from gateway.web import commands
from shared.kernel.clock import Clock
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InputRejected, InternalFault, MeshError, NotPermitted, PeerUnavailable
from shared.kernel.identifiers import is_uuid7
from shared.seal.jws import sign_compact, verify_detached
from shared.seal.keys import SigningKey
from shared.seal.signing import KeyRing
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.telemetry.context import current_trace_id, current_traceparent
from shared.wire.messages import parse

SENDING = frozenset({"referrals.send"})
HANDLING = frozenset({"referrals.handle"})

#: Which scopes let a client send which kind of message; any one suffices.
SCOPES: Mapping[str, frozenset[str]] = {
    "referral": SENDING,
    "event": SENDING | HANDLING,
    "opening": HANDLING,
    "note": SENDING | HANDLING,
    "consent": frozenset({"consents.write"}),
    "revocation": frozenset({"consents.write"}),
}
#: The status of an admitted message (wire section 8).
STATUS: Mapping[str, int] = {"consent": 201, "opening": 200}
ACCEPTED = 202
#: Admitting one of these queues something for another agency.
_QUEUED = frozenset({"referral", "event", "note", "revocation"})

_TABLES = {"messages": MESSAGES, "agencies": AGENCIES, "referrals": REFERRALS, "consents": CONSENTS}


class Rings(Protocol):
    """Where the public keys of agencies come from."""

    async def ring(self, agency_id: str) -> KeyRing:
        """Return the verification keys of an active agency. Raises `NotPermitted` (`agency.disabled`)."""
        ...


@dataclass(frozen=True, slots=True)
class Submission:
    """One signed message as posted: by whom, of which kind, about what the path says."""

    kind: str
    caller: str
    body: bytes
    signature: str
    hub_shares: Mapping[str, str]
    path_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: the exact JSON text, and the gateway's receipt as compact JWS."""

    status: int
    text: str
    receipt: str
    replayed: bool


class Intake:
    """Admits signed messages."""

    def __init__(
        self,
        *,
        writer: GroupWriter[SqlDesk],
        rings: Rings,
        key: SigningKey,
        clock: Clock,
        sop: Sop,
        queued: Callable[[str | None], None],
    ) -> None:
        """Take what it works with; `queued` is told for whom something may wait now; None when for several."""
        self._queued = queued
        self._writer = writer
        self._rings = rings
        self._key = key
        self._clock = clock
        self._sop = sop

    async def admit(self, submission: Submission) -> Answer:
        """Admit one message or raise its refusal, which by then is recorded."""
        arrival = self._arrival(submission)
        try:
            arrival, work, prefetch = await self._prepare(submission, arrival)
        except (InternalFault, PeerUnavailable):
            raise
        except MeshError as error:
            raise await self.record_refusal(arrival, error) from error
        outcome = await self._writer.submit(work, prefetch=prefetch)
        if isinstance(outcome, Refused):
            raise outcome.error
        if submission.kind in _QUEUED:
            self._queued(arrival.recipient)
        return Answer(
            status=STATUS.get(submission.kind, ACCEPTED),
            text=outcome.answer,
            receipt=sign_compact(outcome.receipt.encode(), self._key),
            replayed=outcome.replayed,
        )

    async def refuse(self, *, kind: str, caller: str, error: MeshError) -> MeshError:
        """Record the refusal of what could not even be read as a message; return it with its place in the ledger."""
        blank = Submission(kind=kind, caller=caller, body=b"", signature="", hub_shares={})
        return await self.record_refusal(self._arrival(blank), error)

    async def record_refusal(self, arrival: Arrival, error: MeshError) -> MeshError:
        """Record a refusal made before any use case ran."""
        await self._writer.submit(partial(_refused, arrival=arrival, error=error))
        return error

    def _arrival(self, submission: Submission) -> Arrival:
        now = self._clock.now()
        return Arrival(
            kind=submission.kind,
            message_id="",
            sender=submission.caller,
            recipient=None,
            sent_at=now,
            received_at=now,
            body="",
            sha256=sha256_hex(submission.body) if submission.body else "",
            signature=submission.signature,
            hub_shares=submission.hub_shares,
            trace_id=current_trace_id(),
            traceparent=current_traceparent(),
        )

    async def _prepare(
        self, submission: Submission, arrival: Arrival
    ) -> tuple[Arrival, Callable[[SqlDesk], Outcome], Sequence[tuple[Any, str]]]:
        ring = await self._rings.ring(submission.caller)
        verify_detached(submission.body, submission.signature, ring)  # (1)
        message: Any = parse(submission.kind, submission.body)  # (2)
        if message.sender != submission.caller:  # (3)
            raise NotPermitted("message.sender", "Send only messages of your own agency: sender must be the token's.")
        arrival = _known(arrival, message, submission)
        work = _USE_CASES[submission.kind](message, arrival, submission.path_id, self._sop)
        ids = commands.prefetchable(submission.kind, message)
        return arrival, work, [(_TABLES[name], key) for name, keys in ids.items() for key in keys]


def _known(arrival: Arrival, message: Any, submission: Submission) -> Arrival:
    return Arrival(
        kind=arrival.kind,
        message_id=message.id,
        sender=message.sender,
        recipient=getattr(message, "recipient", None),
        sent_at=message.sent_at,
        received_at=arrival.received_at,
        body=submission.body.decode(),
        sha256=arrival.sha256,
        signature=arrival.signature,
        hub_shares=arrival.hub_shares,
        trace_id=arrival.trace_id,
        traceparent=arrival.traceparent,
    )


def _refused(desk: SqlDesk, *, arrival: Arrival, error: MeshError) -> None:
    recorded = desk.record(
        "refusal",
        arrival.sender,
        message_id=arrival.message_id if is_uuid7(arrival.message_id) else None,
        message_sha256=arrival.sha256 or None,
        code=error.code,
        state=arrival.kind,
        trace_id=arrival.trace_id,
    )
    error.ledger_index = recorded.index


_UseCase = Callable[[Any, Arrival, str | None, Sop], Callable[[SqlDesk], Outcome]]


def _referral(message: Any, arrival: Arrival, _path_id: str | None, sop: Sop) -> Callable[[SqlDesk], Outcome]:
    return partial(send_referral, command=commands.referral_sent(message, arrival, sop=sop), sop=sop)


def _event(message: Any, arrival: Arrival, path_id: str | None, sop: Sop) -> Callable[[SqlDesk], Outcome]:
    command = commands.event_reported(message, arrival, sop=sop, referral_id=path_id)
    return partial(report_event, command=command, sop=sop)


def _opening(message: Any, arrival: Arrival, path_id: str | None, sop: Sop) -> Callable[[SqlDesk], Outcome]:
    return partial(ask_opening, command=commands.opening_asked(message, arrival, referral_id=path_id), sop=sop)


def _note(message: Any, arrival: Arrival, path_id: str | None, sop: Sop) -> Callable[[SqlDesk], Outcome]:
    return partial(send_note, command=commands.note_sent(message, arrival, referral_id=path_id), sop=sop)


def _consent(message: Any, arrival: Arrival, _path_id: str | None, sop: Sop) -> Callable[[SqlDesk], Outcome]:
    return partial(record_consent, command=commands.consent_recorded(message, arrival), sop=sop)


def _revocation(message: Any, arrival: Arrival, path_id: str | None, sop: Sop) -> Callable[[SqlDesk], Outcome]:
    command = commands.revocation_asked(message, arrival, consent_id=path_id)
    return partial(revoke_consent, command=command, sop=sop)


_USE_CASES: Mapping[str, _UseCase] = {
    "referral": _referral,
    "event": _event,
    "opening": _opening,
    "note": _note,
    "consent": _consent,
    "revocation": _revocation,
}


def check_kind(kind: str) -> None:
    """Refuse a kind of message that nobody posts to the gateway."""
    if kind not in _USE_CASES:
        known = ", ".join(_USE_CASES)
        raise InputRejected("message.kind", f"Post one of these kinds: {known}.")
