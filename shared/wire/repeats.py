"""Member names given twice in one object: two readers may understand such a document differently (RFC 8259 section 4).

Promises the verdict of a full second reading, mostly without it: when a message has been read, one counts how many
names it holds and how many its text has. Where counting could mislead, the text is read again.
"""

import json
import types
import typing
from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from shared.kernel.errors import InputRejected

#: In a text without these, `":` stands exactly where a name ends, or where a text value begins with a colon.
_MISLEADING = (b"\\", b" ", b"\n", b"\r", b"\t")
_NAME_END = b'":'
_PLAIN = (str, int, float, datetime, types.NoneType)
_UNIONS = (typing.Union, types.UnionType)
_given = attrgetter("__pydantic_fields_set__")


def refuse_repeated_names(body: bytes, message: BaseModel) -> None:
    """Refuse a document with a member name given twice; `message` is what was read from `body`.

    Every name that was read is in the text, so the text never has fewer: it has as many only when none is repeated.
    Raises `InputRejected` (`message.repeated-name`).
    """
    if body.count(_NAME_END) != count_names(message) or any(map(body.__contains__, _MISLEADING)):
        json.loads(body, object_pairs_hook=_once)


def count_names(message: BaseModel) -> int:
    """Return how many members were given in a message and everything below it; defaults do not count."""
    given, members = message.__pydantic_fields_set__, message.__dict__
    count = len(given)
    for name, count_below in _holding(type(message)):
        if name in given:
            count += count_below(members[name])
    return count


@cache
def _holding(model: type[BaseModel]) -> tuple[tuple[str, Callable[[Any], int]], ...]:
    """Return the fields of a model that may have members below them, each with the way to count those.

    Worked out once for each model: the type says most of it, and the names of every message are counted.
    """
    ways = [(name, _way_to_count(field.annotation)) for name, field in model.model_fields.items()]
    return tuple((name, way) for name, way in ways if way is not None)


def _way_to_count(annotation: Any) -> Callable[[Any], int] | None:
    """Return how to count the members of a value of this type; None where it has none."""
    if _is_plain(annotation):
        return None
    if _is_model(annotation):
        return count_names
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is tuple and _is_model(inside[0]) and not _holding(inside[0]):
        return _count_each
    return len if origin is dict and _is_plain(inside[1]) else _count_whatever


def _count_each(messages: tuple[BaseModel, ...]) -> int:
    """Count the members of messages with nothing below them."""
    return sum(map(len, map(_given, messages)))


def _count_whatever(value: Any) -> int:
    """Count the members of a value whose type leaves open what it is."""
    if hasattr(value, "__pydantic_fields_set__"):
        return count_names(value)
    if isinstance(value, dict):
        return len(value) + sum(map(_count_whatever, value.values()))
    return sum(map(_count_whatever, value)) if isinstance(value, (tuple, list)) else 0


def _is_model(annotation: Any) -> bool:
    """Say whether this is the type of a message or of one of several, which must have members."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return _is_model(inside[0])
    if origin in _UNIONS:
        return all(map(_is_model, inside))
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_plain(annotation: Any) -> bool:
    """Say whether a value of this type has no members, and nothing in it has."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return _is_plain(inside[0])
    if origin is tuple or origin in _UNIONS:
        return all(_is_plain(one) for one in inside if one is not Ellipsis)
    return origin is typing.Literal or (isinstance(annotation, type) and issubclass(annotation, _PLAIN))


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise InputRejected("message.repeated-name", "A field is given twice; give each name once.")
