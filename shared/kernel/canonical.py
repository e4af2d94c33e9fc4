"""Canonical JSON (RFC 8785): the one text form of anything that is hashed.

The RFC 8785 library is one of the two non-standard imports of this room, and itself imports nothing.
"""

import json
from typing import Any, Final

import rfc8785

from shared.kernel.errors import InputRejected

#: Whole numbers beyond these have no canonical form (RFC 8785 section 3.2.2.3, RFC 7493 section 2.2).
_WHOLE: Final = 2**53 - 1
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical_json(value: Any) -> bytes:
    """Write `value` as RFC 8785 canonical JSON in UTF-8.

    Most of what is written is plain, and there the fast writer of the standard library writes the same. Raises
    `InputRejected` (`encoding.canonical-json`) for what has no canonical form: NaN, integers beyond 2**53, keys that
    are not text.
    """
    try:
        return _write(value).encode() if _is_plain(value) else rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError) as fault:
        raise InputRejected("encoding.canonical-json", "This value has no canonical JSON form.") from fault


def _is_plain(value: Any) -> bool:
    """Say whether nothing in a value needs more than sorting: no fraction, no vast number, no key beyond ASCII."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        return all(type(name) is str and name.isascii() and _is_plain(one) for name, one in value.items())
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))
    return kind is int and -_WHOLE <= value <= _WHOLE
