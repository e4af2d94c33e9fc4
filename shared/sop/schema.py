"""A JSON Schema that is made ready once, so that content which fits it costs next to nothing to check.

Most content fits. Whether it does is told by functions made from the schema, for the keywords that the procedure's
schemas use (JSON Schema 2020-12). Promises never to say yes to what does not fit; where it says no, or meets a keyword
that it does not know, the library is asked, which also says what is wrong.
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

Fits = Callable[[Any], bool]

#: Keywords that describe and do not demand.
_SAID_ONLY: Final = frozenset({"$schema", "$id", "title", "x-title-vi", "description", "examples", "format"})
#: Keywords that are about others of the same schema.
_TOGETHER: Final = frozenset({"additionalProperties", "required"})
_NUMBERS: Final = (int, float)


class Schema(dict[str, Any]):
    """A schema as it stands in its file."""

    @cached_property
    def fits(self) -> Fits:
        """Say yes only to a value that the schema describes."""
        return _fits(self)


def _fits(schema: Mapping[str, Any]) -> Fits:
    if not schema.keys() <= _MAKERS.keys() | _TOGETHER | _SAID_ONLY:
        return _unsure
    checks = [_MAKERS[keyword](given) for keyword, given in schema.items() if keyword in _MAKERS]
    if "additionalProperties" in schema:
        checks.append(_closed(schema))
    if "required" in schema:
        checks.append(_has_all(frozenset(schema["required"])))
    return checks[0] if len(checks) == 1 else _all_of(tuple(checks))


def _all_of(checks: tuple[Fits, ...]) -> Fits:
    def holds(value: Any) -> bool:
        for check in checks:  # noqa: SIM110 - all() with a generator takes twice as long
            if not check(value):
                return False
        return True

    return holds


def _unsure(_value: Any) -> bool:
    return False


def _type(given: str | list[str]) -> Fits:
    if isinstance(given, str):
        return _TYPES[given]
    kinds = [_TYPES[one] for one in given]
    return lambda value: any(kind(value) for kind in kinds)


def _is_a(*kinds: type) -> Fits:
    """Match JSON's types as the library does: a list is an array, a dict an object, true and false no numbers."""
    return lambda value: isinstance(value, kinds)


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TYPES: Final[Mapping[str, Fits]] = {
    "object": _is_a(dict),
    "array": _is_a(list),
    "string": _is_a(str),
    "boolean": _is_a(bool),
    "null": _is_a(type(None)),
    "number": _is_number,
    "integer": _is_integer,
}


def _among(given: list[Any]) -> Fits:
    listed = frozenset(one for one in given if isinstance(one, str))
    return lambda value: isinstance(value, str) and value in listed


def _pattern(given: str) -> Fits:
    found = re.compile(given).search
    return lambda value: not isinstance(value, str) or found(value) is not None


def _measure(kind: type | tuple[type, ...], of: Callable[[Any], Any], *, least: Any = None, most: Any = None) -> Fits:
    """Bound what `of` says of values of a kind; values of other kinds are none of this keyword's business."""
    if least is not None:
        return lambda value: not isinstance(value, kind) or of(value) >= least
    return lambda value: not isinstance(value, kind) or of(value) <= most


def _items(given: Mapping[str, Any]) -> Fits:
    fits = _fits(given)
    return lambda value: not isinstance(value, list) or all(fits(one) for one in value)


def _properties(given: Mapping[str, Any]) -> Fits:
    known = {name: _fits(schema) for name, schema in given.items()}

    def holds(value: Any) -> bool:
        if not isinstance(value, dict):
            return True
        return all(known[name](part) for name, part in value.items() if name in known)

    return holds


def _closed(schema: Mapping[str, Any]) -> Fits:
    if schema["additionalProperties"] is not False:
        return _unsure
    known = schema.get("properties", {}).keys()
    return lambda value: not isinstance(value, dict) or value.keys() <= known


def _has_all(names: frozenset[str]) -> Fits:
    return lambda value: not isinstance(value, dict) or names <= value.keys()


def _itself(value: Any) -> Any:
    return value


_MAKERS: Final[Mapping[str, Callable[[Any], Fits]]] = {
    "type": _type,
    "enum": _among,
    "const": lambda given: _among([given]),
    "pattern": _pattern,
    "minLength": lambda given: _measure(str, len, least=given),
    "maxLength": lambda given: _measure(str, len, most=given),
    "maxItems": lambda given: _measure(list, len, most=given),
    "minProperties": lambda given: _measure(dict, len, least=given),
    "minimum": lambda given: _measure(_NUMBERS, _itself, least=given),
    "maximum": lambda given: _measure(_NUMBERS, _itself, most=given),
    "items": _items,
    "properties": _properties,
}
