"""The one way in for signed messages: authenticate the bytes, parse, decide, record, answer.

The steps: (1) verify the signature over the exact bytes with the caller's keys; (2) parse; (3) the
signer is the sender; (4) hand the command to its use case, in one unit of work with others; (5) sign
the receipt. A refusal at any step is in the ledger before the caller hears of it. All steps are done by the
writer, for all messages that came together: (1), two messages at a time, to (3) before their transaction begins, (5)
while it is committed. Nobody gets a receipt before the commit is known to be done.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from gateway.adapters.desk import SqlDesk
from gateway.adapters.refused_messages import REFUSED_MESSAGES
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
from shared.kernel.values import value
from shared.seal.jws import sign_compact, unverified_kid, verify_detached
from shared.seal.keys import SigningKey
from shared.seal.signing import KeyRing
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.storage.transactor import Unit
from shared.telemetry.context import TraceContext, current_trace
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

_NO_KEYS = KeyRing()
_TABLES = {"messages": MESSAGES, "agencies": AGENCIES, "referrals": REFERRALS, "consents": CONSENTS}


class Rings(Protocol):
    """Where the public keys of agencies come from."""

    async def ring(self, agency_id: str, *, kids: Sequence[str | None]) -> KeyRing:
        """Return the verification keys of an active agency, those of `kids` for certain if it has them.

        Raises `NotPermitted` (`agency.disabled`).
        """
        ...


@value
class Submission:
    """One signed message as posted: by whom, of which kind, about what the path says."""

    kind: str
    caller: str
    body: bytes
    signature: str
    hub_shares: Mapping[str, str]
    path_id: str | None = None


@value
class Answer:
    """What the caller gets: the exact JSON text, and the gateway's receipt as compact JWS."""

    status: int
    message_id: str
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
        admission = self._admission(submission)
        try:
            admission.ring = await self._rings.ring(submission.caller, kids=(unverified_kid(submission.signature),))
        except (InternalFault, PeerUnavailable):
            raise
        except MeshError as error:
            raise await self._recorded(admission, error) from error
        answer = await self._writer.submit_prepared(
            admission.prepare, check=admission.authenticate, finish=admission.finish
        )
        if submission.kind in _QUEUED:
            self._queued(admission.recipient)
        return answer

    async def refuse(self, *, kind: str, caller: str, error: MeshError) -> MeshError:
        """Record the refusal of what could not even be read as a message; return it with its place in the ledger."""
        blank = Submission(kind=kind, caller=caller, body=b"", signature="", hub_shares={})
        return await self._recorded(self._admission(blank), error)

    def _admission(self, submission: Submission) -> "_Admission":
        return _Admission(submission, at=self._clock.now(), trace=current_trace(), key=self._key, sop=self._sop)

    async def _recorded(self, admission: "_Admission", error: MeshError) -> MeshError:
        await self._writer.submit(partial(admission.refuse, error=error))
        return error


class _Admission:
    """One message on its way through the steps. Made on the loop; from then on the writer's thread has it."""

    __slots__ = ("_at", "_forged", "_key", "_message_id", "_sop", "_submission", "_trace", "recipient", "ring")

    def __init__(self, submission: Submission, *, at: datetime, trace: TraceContext, key: SigningKey, sop: Sop) -> None:
        self._submission = submission
        self._at = at
        self._trace = trace
        self._key = key
        self._sop = sop
        self.ring = _NO_KEYS
        self.recipient: str | None = None
        self._message_id = ""
        self._forged: MeshError | None = None

    def authenticate(self) -> None:
        """Verify the signature over the exact bytes (1); a message whose signature does not hold is not read."""
        try:
            verify_detached(self._submission.body, self._submission.signature, self.ring)
        except MeshError as error:
            self._forged = error

    def prepare(self) -> Unit[SqlDesk]:
        """Return what is to be done for the message: its use case, or the entry that says why not."""
        try:
            return self._checked()
        except (InternalFault, PeerUnavailable):
            raise
        except MeshError as error:
            return Unit(partial(self.refuse, error=error))

    def refuse(self, desk: SqlDesk, *, error: MeshError) -> Refused:
        """Record a refusal made before any use case ran."""
        recorded = desk.record(
            "refusal",
            self._submission.caller,
            message_sha256=sha256_hex(self._submission.body) if self._submission.body else None,
            code=error.code,
            state=self._submission.kind,
            trace_id=self._trace.trace_id,
        )
        error.ledger_index = recorded.index
        return Refused(error)

    def finish(self, outcome: Outcome) -> Answer:
        """Return the answer for what is durable by now, or raise its refusal."""
        if isinstance(outcome, Refused):
            raise outcome.error
        return Answer(
            status=STATUS.get(self._submission.kind, ACCEPTED),
            message_id=self._message_id,
            text=outcome.answer,
            receipt=sign_compact(outcome.receipt.encode(), self._key),  # (5)
            replayed=outcome.replayed,
        )

    def _checked(self) -> Unit[SqlDesk]:
        submission = self._submission
        if self._forged is not None:
            raise self._forged
        message: Any = parse(submission.kind, submission.body)  # (2)
        if message.sender != submission.caller:  # (3)
            raise NotPermitted("message.sender", "Send only messages of your own agency: sender must be the token's.")
        self._message_id, self.recipient = message.id, getattr(message, "recipient", None)
        arrival = self._arrival(message)
        work = _USE_CASES[submission.kind](message, arrival, submission.path_id, self._sop)
        records = commands.prefetchable(submission.kind, message)
        rows = [(_TABLES[name], key) for name, key in records]
        return Unit(work, [*rows, (REFUSED_MESSAGES, arrival.sha256)])

    def _arrival(self, message: Any) -> Arrival:
        submission = self._submission
        return Arrival(
            kind=submission.kind,
            message_id=message.id,
            sender=message.sender,
            recipient=self.recipient,
            sent_at=message.sent_at,
            received_at=self._at,
            body=submission.body.decode(),
            sha256=sha256_hex(submission.body),
            signature=submission.signature,
            hub_shares=submission.hub_shares,
            trace_id=self._trace.trace_id,
            traceparent=self._trace.traceparent(),
        )


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
