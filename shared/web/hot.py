"""Hot routes: what is called so often that it is served below the framework, in few steps.

Owns what a hot route declares, what its handler gets (`Call`) and what it gives (`Reply`). Promises that it states
guard and documentation where it is made, like any route. How it is served is the affair of `shared.web.hot_door`.
"""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, NoReturn

from pydantic import BaseModel
from starlette.routing import Match, Route

from shared.kernel.errors import FieldFault, InputRejected, InternalFault, MeshError
from shared.kernel.values import value
from shared.web.body import JSON, check_json, check_plain
from shared.web.edge import Body, Header, Receive, Scope, Send
from shared.web.security import Principal, RequiredScope

_TYPE_JSON: Final = (b"content-type", JSON.encode())


class Call:
    """One call: who calls, what the path says, headers and body. `caller` is there once the caller is known."""

    __slots__ = ("_given", "_headers", "_is_each_once", "about", "body", "caller")

    caller: Principal

    def __init__(self, given: Sequence[Header], receive: Receive, *, cap: int, about: str | None) -> None:
        """Take the headers as they came, the way to the body and its cap, and the one variable part of the path."""
        self._given = given
        self._headers = dict(reversed(given))
        self._is_each_once = len(self._headers) == len(given)
        self.body = Body(receive, cap=cap, declared=self._headers.get(b"content-length"))
        self.about = about

    def first(self, name: bytes) -> str | None:
        """Return the header `name` (lower case), the first one if it was given several times."""
        first = self._headers.get(name)
        return None if first is None else first.decode("latin-1")

    def only(self, name: bytes) -> str | None:
        """Return the header `name` (lower case) where it is given. Raises `InputRejected` when it is given twice."""
        if self._is_each_once:
            return self.first(name)
        given = self.every(name)
        if len(given) > 1:
            fault = FieldFault(f"/header/{name.decode().title()}", "field.repeated", "Send this header once.")
            raise InputRejected("message.invalid", "A header is given twice; send it once.", faults=[fault])
        return given[0] if given else None

    def every(self, name: bytes) -> list[str]:
        """Return all headers `name` (lower case) in their order."""
        first = self._headers.get(name)
        if first is None:
            return []
        if self._is_each_once:
            return [first.decode("latin-1")]
        return [found.decode("latin-1") for given, found in self._given if given == name]

    async def read_json(self) -> bytes:
        """Return the exact bytes of a JSON body, unparsed. Raises `UnsupportedMedia`, `TooLarge`."""
        check_json(self.every(b"content-type"))
        check_plain(self.first(b"content-encoding"))
        return await self.body.whole()


@value
class Reply:
    """An answer as it goes out, but for the headers that all answers have."""

    status: int
    headers: Sequence[Header]
    body: bytes


def json_reply(text: str, *headers: Header, status: int = HTTPStatus.OK) -> Reply:
    """Answer with a JSON text."""
    body = text.encode()
    return Reply(status, (*headers, (b"content-length", b"%d" % len(body)), _TYPE_JSON), body)


HotHandler = Callable[[Call], Awaitable[Reply]]
#: Is told of a caller that is known and may not call, before it hears of that; returns what it is to hear.
Refused = Callable[[Principal, MeshError], Awaitable[MeshError]]


async def as_it_is(_caller: Principal, error: MeshError) -> MeshError:
    """Let a refusal go out without telling anybody."""
    return error


class HotRoute(Route):
    """A route below the framework: no parameter solving, no response model.

    It stands in the framework's table too, which knows by it what the path takes.
    `operation` is its OpenAPI operation (see `shared.web.openapi.operation`), `models` the schemas it refers to.
    """

    def __init__(
        self,
        path: str,
        handler: HotHandler,
        *,
        method: str,
        guard: RequiredScope,
        refused: Refused,
        operation: dict[str, Any],
        models: Sequence[type[BaseModel]],
    ) -> None:
        super().__init__(path, _Elsewhere(), methods=[method], name=handler.__name__)
        self.handler = handler
        self.method = method
        self.guard = guard
        self.refused = refused
        self.operation = operation
        self.models = tuple(models)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as a route does, and leave the route in the scope for metrics."""
        match, child = super().matches(scope)
        if match is not Match.NONE:
            child["route"] = self
        return match, child


class _Elsewhere:
    """Stands in the framework's table for what is served before the framework looks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> NoReturn:
        raise InternalFault("internal.fault", "A hot route is served by its own door.")
