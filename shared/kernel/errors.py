"""The one tree of errors. Codes inside, HTTP statuses only at the edge (`shared.web.problems`).

    MeshError
    ├── InputRejected          the caller sent something that cannot be accepted
    │   ├── TooLarge           over the size a call may have
    │   └── UnsupportedMedia   another content type than the call takes
    ├── NotAuthenticated       we do not know who is calling
    ├── NotPermitted           we know, and the answer is no
    │   └── ConsentRequired    ... because consent, legal basis or SOP does not carry it
    ├── NotFound               also for "exists, but is not yours"
    ├── Conflict               reused id, illegal transition, stale version
    ├── TooManyRequests        the caller's allowance is used up; says when to return
    ├── PeerUnavailable        the other side cannot be reached now; says when to retry
    └── InternalFault          our fault; its text never leaves the process
        └── FatalLedgerError   the state of the ledger is unknown: stop writing, restart, verify

`message` is written for the caller: safe to show, never repeats a submitted value, never names a
library or a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One place in the input that is wrong.

    `pointer` is a JSON Pointer (RFC 6901) into the request body; "" is the whole body.
    """

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer is no: a stable code, the rule that says so, and the basis of that rule."""

    code: str
    rule: str
    basis: str


class MeshError(Exception):
    """Base of every error that crosses a room. `code` is dotted, stable and documented."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        faults: Sequence[FieldFault] = (),
        reasons: Sequence[Reason] = (),
        retry_after: int | None = None,
        ledger_index: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.faults = tuple(faults)
        self.reasons = tuple(reasons)
        self.retry_after = retry_after
        self.ledger_index = ledger_index
        #: Whether this is what the same message was answered before.
        self.is_replayed = False


class InputRejected(MeshError):
    """The caller sent something that cannot be accepted; `faults` say where and how to mend it."""


class TooLarge(InputRejected):
    """The request is over the size this call may have."""


class UnsupportedMedia(InputRejected):
    """The request has another content type than this call takes."""


class NotAuthenticated(MeshError):
    """We do not know who is calling."""


class NotPermitted(MeshError):
    """We know who is calling, and the answer is no."""


class ConsentRequired(NotPermitted):
    """Consent, legal basis or SOP does not carry this; `reasons` cite why."""


class NotFound(MeshError):
    """Nothing here for this caller: absent, or not theirs."""


class Conflict(MeshError):
    """The request contradicts what is already recorded."""


class TooManyRequests(MeshError):
    """The caller's allowance is used up; `retry_after` says when it refills, in seconds."""


class PeerUnavailable(MeshError):
    """The other side cannot be reached now; `retry_after` says when to try again, in seconds."""


class InternalFault(MeshError):
    """A fault of ours. Its message is for the log; the caller sees one fixed sentence."""


class FatalLedgerError(InternalFault):
    """The state of the ledger is unknown: stop writing, restart, verify."""
