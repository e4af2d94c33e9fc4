"""Errors on the wire: RFC 9457 problem documents, from our errors and back to them.

Owns the one table from class to HTTP status, and both directions of the translation, so that
`consent.revoked` raised in the gateway is `ConsentRequired` in the police service. Promises that an
internal fault shows one fixed sentence and nothing else, and that whatever a peer answers becomes a
`MeshError`. Refuses to believe a document that does not fit its status.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError

from shared.kernel.errors import (
    Conflict,
    ConsentRequired,
    FieldFault,
    InputRejected,
    InternalFault,
    MeshError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PeerUnavailable,
    Reason,
    TooLarge,
    TooManyRequests,
    UnsupportedMedia,
)
from shared.wire.codes import CODES
from shared.wire.fields import Open

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:mesh:problem:"
INTERNAL_SENTENCE: Final = "Something went wrong on our side. Nothing was changed; try again later."

#: The HTTP status of each class. A class that is not here has that of its nearest base (`status_of`).
STATUS: Final[Mapping[type[MeshError], int]] = {
    InputRejected: 422,
    TooLarge: 413,
    UnsupportedMedia: 415,
    NotAuthenticated: 401,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    TooManyRequests: 429,
    PeerUnavailable: 503,
    InternalFault: 500,
}

_CLASS_OF: Final[Mapping[int, type[MeshError]]] = {
    **{status: error for error, status in STATUS.items()},
    400: InputRejected,
    405: InputRejected,
    502: PeerUnavailable,
    504: PeerUnavailable,
}
_TITLE: Final[Mapping[int, str]] = {
    401: "Not authenticated",
    403: "Not permitted",
    404: "Not found",
    409: "Conflict",
    413: "Too large",
    415: "Wrong content type",
    422: "Not accepted",
    429: "Too many calls",
    500: "Our fault",
    503: "Not available now",
}
_GONE: Final = 410
_SERVER_ERROR: Final = 500
_REDIRECT: Final = 300

_TEXT_MOST: Final = 2_000
_LISTED_MOST: Final = 256
_Text = Annotated[str, StringConstraints(max_length=_TEXT_MOST)]
_Dotted = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$", max_length=100)]


class FaultV1(Open):
    """One place in the input that is wrong."""

    pointer: _Text
    code: _Dotted
    message: _Text


class ReasonV1(Open):
    """Why an answer is no: the code, the rule that says so, and what that rule rests on."""

    code: _Dotted
    rule: _Text
    basis: _Text


class ProblemV1(Open):
    """A problem document; what has a default is left out where there is none.

    `detail` is about this request, `mend` is what the catalogue says of the code.
    """

    type: _Text
    title: _Text
    status: Annotated[int, Field(ge=400, le=599)]
    detail: _Text
    instance: _Text
    code: _Dotted
    trace_id: _Text
    mend: _Text | None = None
    errors: Annotated[tuple[FaultV1, ...], Field(max_length=_LISTED_MOST)] | None = None
    reasons: Annotated[tuple[ReasonV1, ...], Field(max_length=_LISTED_MOST)] | None = None
    ledger_index: Annotated[int, Field(ge=0)] | None = None


def status_of(error: type[MeshError]) -> int:
    """Return the HTTP status of a class of errors: its own or that of its nearest base, else 500."""
    for ancestor in error.__mro__:
        if ancestor in STATUS:
            return STATUS[ancestor]
    return _SERVER_ERROR


def to_problem(error: MeshError, *, instance: str, trace_id: str) -> ProblemV1:
    """Write `error` as a problem. `instance` is the path of the call, without its query.

    An internal fault keeps its code and its message to itself: the caller gets `internal.fault`.
    """
    status = status_of(type(error))
    if status == _SERVER_ERROR:
        error = InternalFault("internal.fault", INTERNAL_SENTENCE)
    entry = CODES.get(error.code)
    return ProblemV1(
        type=TYPE_PREFIX + error.code,
        title=entry.title if entry else _TITLE[status],
        status=status,
        detail=error.message[:_TEXT_MOST],
        instance=instance[:_TEXT_MOST],
        code=error.code,
        trace_id=trace_id,
        mend=entry.mend if entry else None,
        errors=tuple(FaultV1(pointer=f.pointer, code=f.code, message=f.message) for f in error.faults[:_LISTED_MOST])
        or None,
        reasons=tuple(ReasonV1(code=r.code, rule=r.rule, basis=r.basis) for r in error.reasons[:_LISTED_MOST]) or None,
        ledger_index=error.ledger_index,
    )


def problem_body(problem: ProblemV1) -> bytes:
    """Write a problem as JSON, without the fields it does not have."""
    return problem.model_dump_json(exclude_none=True).encode()


def to_error(status: int, document: bytes, *, retry_after: int | None = None) -> MeshError:
    """Read what a peer answered with `status` (300 and over) as the error it stands for.

    A problem document of ours gives back class, code, message, faults, reasons and ledger index. Anything
    else, such as a proxy's page, becomes the class of its status with a code of ours (`peer.answer`,
    `peer.refused`, or `peer.gone` for 410). `retry_after` comes from the header of that name, in seconds.
    """
    try:
        problem = ProblemV1.model_validate_json(document)
    except ValidationError:
        return _without_document(status, retry_after)
    if problem.status != status or problem.type != TYPE_PREFIX + problem.code:
        return _without_document(status, retry_after)
    return problem_error(problem, retry_after=retry_after)


def problem_error(problem: ProblemV1, *, retry_after: int | None = None) -> MeshError:
    """Return the error that a problem document of ours was written from."""
    return _class_of(problem.status, problem)(
        problem.code,
        problem.detail,
        faults=[FieldFault(f.pointer, f.code, f.message) for f in problem.errors or ()],
        reasons=[Reason(r.code, r.rule, r.basis) for r in problem.reasons or ()],
        retry_after=retry_after,
        ledger_index=problem.ledger_index,
    )


def _class_of(status: int, problem: ProblemV1) -> type[MeshError]:
    """Find the class by the catalogue; by the status where the catalogue does not know or says otherwise."""
    entry = CODES.get(problem.code)
    if entry is not None and status_of(entry.error) == status:
        return entry.error
    if status == STATUS[NotPermitted] and problem.reasons:
        return ConsentRequired
    return _class_of_status(status)


def _class_of_status(status: int) -> type[MeshError]:
    if status in _CLASS_OF:
        return _CLASS_OF[status]
    if _REDIRECT <= status < 400 or status >= _SERVER_ERROR:  # noqa: PLR2004 - the ranges of RFC 9110 section 15
        return PeerUnavailable
    return InputRejected


def _without_document(status: int, retry_after: int | None) -> MeshError:
    if status == _GONE:
        return NotFound("peer.gone", "The other side says that there is nothing here any more.")
    error = _class_of_status(status)
    if issubclass(error, PeerUnavailable | InternalFault):
        text = "The other side did not answer as agreed. Try again later."
        return PeerUnavailable("peer.answer", text, retry_after=retry_after)
    text = "The other side refused, and gave no reason that can be read."
    return error("peer.refused", text, retry_after=retry_after)
