"""The token endpoint's refusals: problem documents that carry OAuth's own members as well (RFC 6749 section 5.2).

A client library of OAuth reads `error` and `error_description`; everybody else reads the problem. What is wrong with
the request is 400 here, as the RFC has it and not 422 as elsewhere: some libraries read `error` of a 400 alone. Who is
not proved is 401, and who may not call 403, as everywhere.
"""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.errors import InputRejected, MeshError, NotAuthenticated, NotPermitted
from shared.web.problems import problem_response
from shared.wire.problem import MEDIA_TYPE, STATUS, ProblemV1, status_of

_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemV1.__name__}"}}}
#: What the document says of the refusals that only this unguarded endpoint knows.
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The request does not hold: `error` says what of it.", "content": _CONTENT},
    401: {"description": "The client is not proved: `error` is invalid_client.", "content": _CONTENT},
    403: {"description": "The client may not call: `error` is unauthorized_client.", "content": _CONTENT},
}
_GRANT_TYPE: Final = "/grant_type"


class TokenRoute(APIRoute):
    """A route whose refusals carry `error` and `error_description`. Give it as `route_class_override`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the framework, its refusals answered here."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except MeshError as error:
                answer = problem_response(error, members=oauth_members(error), status=_status(error))
                if isinstance(error, NotAuthenticated):
                    answer.headers["WWW-Authenticate"] = _challenge(request)
                return answer

        return handler


def oauth_members(error: MeshError) -> Mapping[str, str]:
    """Return OAuth's members for a refusal; none for one that OAuth does not know, such as 503."""
    name = _name(error)
    return {} if name is None else {"error": name, "error_description": error.message}


def _status(error: MeshError) -> int | None:
    return HTTPStatus.BAD_REQUEST.value if status_of(type(error)) == STATUS[InputRejected] else None


def _challenge(request: Request) -> str:
    """Name the scheme the client used (RFC 6749 section 5.2): no bearer token was refused here."""
    scheme = request.headers.get("authorization", "").partition(" ")[0]
    return f'{"Basic" if scheme.lower() == "basic" else "Bearer"} realm="mesh"'


def _name(error: MeshError) -> str | None:
    if isinstance(error, NotAuthenticated):
        return "invalid_client"
    if isinstance(error, NotPermitted):
        return "unauthorized_client"
    if error.code == "token.scope-unknown":
        return "invalid_scope"
    if any(fault.pointer == _GRANT_TYPE and fault.code == "field.choice" for fault in error.faults):
        return "unsupported_grant_type"
    return "invalid_request" if isinstance(error, InputRejected) else None
