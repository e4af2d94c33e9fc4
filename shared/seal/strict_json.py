"""JSON that came from outside and is under a seal or a signature, read strictly.

Refuses repeated member names (RFC 7515 section 4, RFC 7519 section 4), NaN and infinities, text that is not
UTF-8, and nesting deep enough to exhaust the stack: all of them are a plain `ValueError` here.
"""

import json
from typing import Any


def read_json(data: bytes) -> Any:
    """Return the JSON value in `data`. Raises `ValueError`."""
    try:
        return _read(data.decode("utf-8"))
    except RecursionError as fault:
        raise ValueError("nested too deep") from fault


def read_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`. Raises `ValueError`, also for any other JSON value."""
    value = read_json(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for one kind of garbage
    return value


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("repeated member")
    return value


def _refuse(constant: str) -> Any:
    raise ValueError("no JSON number")


#: Made once: to make a reader costs more than to read.
_read = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse).decode
