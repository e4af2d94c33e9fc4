"""Errors as answers: RFC 9457 problem documents.

Owns the way from an error to a response. The table of statuses is `shared.wire.problem.STATUS`; this module adds
the headers that a status asks for. Promises one shape for every refusal, ours or the framework's, with the trace id
and without any submitted value: `instance` names the trace, never the path. Refuses to say anything about a fault of
ours but one fixed sentence.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.errors import (
    FieldFault,
    InputRejected,
    InternalFault,
    MeshError,
    NotAuthenticated,
    NotFound,
    PeerUnavailable,
    TooLarge,
    UnsupportedMedia,
)
from shared.telemetry.context import current_trace_id
from shared.telemetry.logs import get_logger
from shared.web.security import challenge
from shared.wire.faults import faults_from, pointer_to
from shared.wire.problem import MEDIA_TYPE, ProblemV1, problem_body, to_problem

#: `Retry-After` of a 503 that names no time of its own, in seconds.
RETRY_AFTER: Final = 1

_log = get_logger("web")
_PLACES: Final = frozenset({"query", "path", "header", "cookie"})


def problem_response(
    error: MeshError, *, members: Mapping[str, str] = MappingProxyType({}), status: int | None = None
) -> Response:
    """Answer with the problem document of `error`; log its code, and a fault of ours with its place in the code.

    `members` are added to the document, and `status` is in the place of its own, where another standard asks for that.
    """
    problem = _problem(error).model_copy(update={**members, **({"status": status} if status else {})})
    if isinstance(error, InternalFault):
        _log.error("request.fault", code=error.code, status=problem.status, exc_info=error)
    else:
        _log.info("request.refused", code=error.code, status=problem.status)
    return _response(problem, _headers(error))


def fault_response(error: Exception) -> Response:
    """Answer for an exception nobody foresaw: one fixed sentence. Its type and place go to the log."""
    _log.error("request.failed", status=HTTPStatus.INTERNAL_SERVER_ERROR.value, exc_info=error)
    return _response(_problem(InternalFault("internal.fault", "")), {})


def method_response(allow: str) -> Response:
    """Answer 405 with the methods that this path takes (RFC 9110 section 15.5.6)."""
    known = _problem(InputRejected("route.method", f"This path takes: {allow}."))
    status = HTTPStatus.METHOD_NOT_ALLOWED
    problem = known.model_copy(update={"status": status.value})
    return _response(problem, {"Allow": allow})


def from_http(error: HTTPException) -> MeshError:
    """Translate an exception of the framework into the error it stands for."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("route.unknown", "There is nothing at this path.")
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge("message.too-large", "The body is larger than this call takes.")
    if error.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return UnsupportedMedia("message.media-type", "Send the body with the content type that this call takes.")
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return NotAuthenticated("token.missing", "Send a token: Authorization: Bearer <token>.")
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return InputRejected("message.invalid", "The request does not follow the contract.")
    return InternalFault("internal.fault", "")


def from_validation(error: RequestValidationError) -> InputRejected:
    """Translate what the framework found wrong with parameters.

    Pointers into the request's other parts are `/query/<name>`, `/path/<name>`, `/header/<name>`, with the names
    of the contract; a body has its own pointers, from its root.
    """
    faults = [_parameter_fault(found) for found in error.errors()]
    text = "The request does not follow the contract; errors say where and how to mend it."
    return InputRejected("message.invalid", text, faults=faults)


async def on_validation(_request: Request, error: Exception) -> Response:
    """Handle `RequestValidationError` for the framework."""
    if isinstance(error, RequestValidationError):
        return problem_response(from_validation(error))
    return fault_response(error)


def _parameter_fault(found: Mapping[str, Any]) -> FieldFault:
    location = found["loc"]
    if location[0] not in _PLACES:
        return faults_from([found], skip=1)[0]
    fault = faults_from([found])[0]
    return FieldFault(pointer_to(*location[:2]), fault.code, fault.message)


def _problem(error: MeshError) -> ProblemV1:
    trace_id = current_trace_id()
    return to_problem(error, instance=f"urn:mesh:trace:{trace_id}", trace_id=trace_id)


def _headers(error: MeshError) -> dict[str, str]:
    headers = {}
    if isinstance(error, NotAuthenticated) or error.code == "token.scope":
        headers["WWW-Authenticate"] = challenge(error.code)
    wait = error.retry_after
    if wait is None and isinstance(error, PeerUnavailable):
        wait = RETRY_AFTER
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if error.is_replayed:
        headers["Idempotent-Replayed"] = "true"
    return headers


def _response(problem: ProblemV1, headers: dict[str, str]) -> Response:
    return Response(problem_body(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
