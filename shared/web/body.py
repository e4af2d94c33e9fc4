"""Reading request bodies, in one place and strictly.

Owns content types and the way from bytes to a checked value. Promises that whatever the bytes are, the caller gets
a value or a problem: another content type is `415 message.media-type`, what is not JSON (broken, not UTF-8, NaN,
nested beyond reason, a number beyond reason) is `422 message.not-json`, a name given twice is
`422 message.repeated-name`, U+0000 or half a surrogate pair in a text is `422 message.invalid` (no database takes
it), and what the model refuses is `422 message.invalid` with pointers. Follows RFC 8259 and RFC 7493 (I-JSON).
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from shared.kernel.errors import FieldFault, InputRejected, UnsupportedMedia
from shared.wire.faults import faults_from, faults_of

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

_Model = TypeVar("_Model", bound=BaseModel)
_DEPTH_MOST: Final = 64
_FORM_FIELDS_MOST: Final = 32
#: Escapes that can bring in what no text should hold.
_SUSPECT: Final = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NOT_JSON: Final = "The body is not JSON; send one JSON document in UTF-8."


class BodyOf:
    """A dependency that reads the body as `model`; the OpenAPI document knows it. See `json_body`, `form_body`."""

    is_required = True

    def __init__(self, model: type[BaseModel], media_type: str) -> None:
        self.model = model
        self.media_type = media_type

    async def __call__(self, request: Request) -> BaseModel:
        """Return the body as an instance of the model."""
        if self.media_type == FORM:
            return checked(self.model, await read_form(request))
        return await read_json(request, self.model)


def json_body(model: type[BaseModel]) -> Any:
    """Declare that a route takes JSON.

    Write the parameter as `order: Annotated[OrderV1, json_body(OrderV1)]`.
    """
    return Depends(BodyOf(model, JSON))


class _MaybeBodyOf(BodyOf):
    """The same for a body that may be left out: then the model's defaults hold."""

    is_required = False

    async def __call__(self, request: Request) -> BaseModel:
        """Return the body, or the model's defaults where there is none."""
        return await super().__call__(request) if await request.body() else checked(self.model, {})


def maybe_json_body(model: type[BaseModel]) -> Any:
    """Declare that a route takes JSON or nothing at all. Write the parameter as with `json_body`."""
    return Depends(_MaybeBodyOf(model, JSON))


def form_body(model: type[BaseModel]) -> Any:
    """Declare that a route takes a form.

    Write the parameter as `asked: Annotated[TokenRequestV1, form_body(TokenRequestV1)]`.
    """
    return Depends(BodyOf(model, FORM))


def check_json(content_types: Sequence[str]) -> None:
    """Check the `Content-Type` headers of a request that is to bring JSON. Raises `UnsupportedMedia`."""
    media = _media_type(content_types)
    if media != JSON and not (media.startswith("application/") and media.endswith("+json")):
        raise UnsupportedMedia("message.media-type", "Send the body as application/json.")


def check_plain(content_encoding: str | None) -> None:
    """Check that a body comes as it is: the signature is over its exact bytes. Raises `UnsupportedMedia`."""
    if content_encoding is not None and content_encoding.strip().lower() != "identity":
        raise UnsupportedMedia("message.media-type", "Send the body as it is, without Content-Encoding.")


async def read_json(request: Request, model: type[_Model]) -> _Model:
    """Read a JSON body as `model`. Raises `InputRejected`, `UnsupportedMedia`, `TooLarge`."""
    check_json(request.headers.getlist("content-type"))
    check_plain(request.headers.get("content-encoding"))
    return read(await request.body(), model)


def read(body: bytes, model: type[_Model]) -> _Model:
    """Read the bytes of a JSON body as `model`. Raises `InputRejected`."""
    parse_json(body)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _rejected(error) from None


async def read_form(request: Request) -> dict[str, str]:
    """Read a form body as text fields, each given once. Raises `InputRejected`, `UnsupportedMedia`, `TooLarge`."""
    if _media_type(request.headers.getlist("content-type")) != FORM:
        raise UnsupportedMedia("message.media-type", f"Send the body as {FORM}.")
    check_plain(request.headers.get("content-encoding"))
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FORM_FIELDS_MOST)
    except ValueError:
        raise InputRejected("message.invalid", "The body is not a form in UTF-8.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or not all(is_storable(part) for pair in pairs for part in pair):
        raise InputRejected("message.invalid", "Give each field of the form once, without control characters.")
    return fields


def checked(model: type[_Model], fields: Any) -> _Model:
    """Check `fields` against `model`. Raises `InputRejected` (`message.invalid`)."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _rejected(error) from None


def parse_json(body: bytes) -> Any:
    """Read one JSON document as RFC 7493 wants it. Raises `InputRejected`, as the module says."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InputRejected("message.not-json", _NOT_JSON) from None
    if body.count(b"[") + body.count(b"{") > _DEPTH_MOST and _depth(value) > _DEPTH_MOST:
        raise InputRejected("message.not-json", "The body is nested too deeply.")
    if _SUSPECT.search(body) and (where := _unstorable(value, ())) is not None:
        pointer = faults_from([{"type": "unstorable", "loc": where}])[0].pointer
        fault = FieldFault(pointer, "field.form", "Leave out U+0000 and unpaired surrogates.")
        raise InputRejected("message.invalid", "A text holds a character that cannot be stored.", faults=(fault,))
    return value


def _media_type(content_types: Sequence[str]) -> str:
    return content_types[0].partition(";")[0].strip().lower() if len(content_types) == 1 else ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InputRejected("message.repeated-name", "A field is given twice; give each name once.")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _depth(value: Any) -> int:
    depth, layer = 0, [value]
    while layer:
        depth += 1
        layer = [child for node in layer for child in _children(node)]
    return depth


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _unstorable(value: Any, where: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    """Return the way to the first text that cannot be stored; a name that cannot is pointed at through its parent."""
    if isinstance(value, str):
        return None if is_storable(value) else where
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in members:
        if isinstance(name, str) and not is_storable(name):
            return where
        if (found := _unstorable(child, (*where, name))) is not None:
            return found
    return None


def is_storable(text: str) -> bool:
    """Say whether a database takes `text`: no U+0000, no half of a surrogate pair."""
    return "\x00" not in text and (text.isascii() or _SURROGATE.search(text) is None)


def _rejected(error: ValidationError) -> InputRejected:
    faults = faults_of(error)
    if faults and faults[0].code == "message.not-json":
        return InputRejected("message.not-json", _NOT_JSON)
    text = "The request does not follow the contract; errors say where and how to mend it."
    return InputRejected("message.invalid", text, faults=faults)
