"""Reads that are asked again and again: an answer that has not changed is not sent again (RFC 9110 section 13).

Owns `ConditionalRoute`, the entity tags of its answers and the reading of `If-None-Match`. A tag is made of the bytes,
so every replica gives the same one. Promises that a client asks each time, so that nothing is believed which is not so
any more, and that no cache which serves several callers keeps what is for one of them.
"""

import re
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.encoding import sha256_b64url

#: How the document describes the header that asks, and the answer that nothing has changed.
KNOWN_PARAMETER: Final[Mapping[str, Any]] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of the answer that is known, or several with commas between.",
    "schema": {"type": "string", "maxLength": 1000},
}
UNCHANGED_ANSWER: Final[Mapping[str, Any]] = {"description": "Unchanged since the ETag that was given."}
TAG_HEADER: Final[Mapping[str, Any]] = {"ETag": {"schema": {"type": "string"}}}

_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')
_ASK_AGAIN: Final = "no-cache"
_ASK_AGAIN_FOR_ONE: Final = "private, no-cache"


class ConditionalRoute(APIRoute):
    """A route whose answers have an entity tag. Give it as `route_class`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the framework, its answers tagged."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return tagged(request, await handle(request))

        return handler


def tagged(request: Request, answer: Response) -> Response:
    """Return an answer with its entity tag; 304 and nothing more where the caller knows it already."""
    if answer.status_code != HTTPStatus.OK:
        return answer
    tag = f'"{sha256_b64url(bytes(answer.body))}"'
    is_for_one = "authorization" in request.headers
    headers = {"ETag": tag, "Cache-Control": _ASK_AGAIN_FOR_ONE if is_for_one else _ASK_AGAIN}
    if knows(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    answer.headers.update(headers)
    return answer


def knows(given: list[str], tag: str) -> bool:
    """Say whether `If-None-Match` names a tag, compared weakly (RFC 9110 section 13.1.2)."""
    text = ", ".join(given)
    return text.strip() == "*" or tag in _TAG.findall(text)
