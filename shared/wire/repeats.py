"""Member names given twice in one object: two readers may understand such a document differently (RFC 8259 section 4).

Promises the verdict of a full second reading, mostly without it: when a message has been read, one counts how many
names it holds and how many its text has. Where counting could mislead, the text is read again.
"""

import json
import types
import typing
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from shared.kernel.errors import InputRejected

#: In a text without these, `":` stands exactly where a name ends, or where a text value begins with a colon.
_MISLEADING = (b"\\", b" ", b"\n", b"\r", b"\t")
_NAME_END = b'":'


def refuse_repeated_names(body: bytes, message: BaseModel) -> None:
    """Refuse a document with a member name given twice; `message` is what was read from `body`.

    Every name that was read is in the text, so the text never has fewer: it has as many only when none is repeated.
    Raises `InputRejected` (`message.repeated-name`).
    """
    if any(mark in body for mark in _MISLEADING) or body.count(_NAME_END) != count_names(message):
        json.loads(body, object_pairs_hook=_once)


def count_names(value: Any) -> int:
    """Return how many members were given in `value` and everything below it; defaults do not count."""
    given: set[str] | None = getattr(value, "__pydantic_fields_set__", None)
    if given is not None:
        members = value.__dict__
        model: type[BaseModel] = type(value)
        below = [members[name] for name in _holding(model) if name in given]
        return len(given) + _count_all(below) if below else len(given)
    if isinstance(value, dict):
        return len(value) + _count_all(value.values())
    return _count_all(value) if isinstance(value, (tuple, list)) else 0


def _count_all(values: Iterable[Any]) -> int:
    counts = [count_names(value) for value in values if not isinstance(value, _PLAIN)]
    return sum(counts)


_PLAIN = (str, int, float, datetime, types.NoneType)


@cache
def _holding(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields of a model that may have members below them: all but those of plain values."""
    return tuple(name for name, field in model.model_fields.items() if not _is_plain(field.annotation))


def _is_plain(annotation: Any) -> bool:
    if isinstance(annotation, type):
        return issubclass(annotation, _PLAIN)
    match get_origin(annotation):
        case typing.Literal:
            return True
        case typing.Annotated:
            return _is_plain(get_args(annotation)[0])
        case typing.Union | types.UnionType:
            return all(map(_is_plain, get_args(annotation)))
    return False


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise InputRejected("message.repeated-name", "A field is given twice; give each name once.")
