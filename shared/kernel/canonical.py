"""Canonical JSON (RFC 8785): the one text form of anything that is hashed.

The single non-standard import of this room is the RFC 8785 library, which itself imports nothing.
"""

from typing import Any

import rfc8785

from shared.kernel.errors import InputRejected


def canonical_json(value: Any) -> bytes:
    """Write `value` as RFC 8785 canonical JSON in UTF-8.

    Raises `InputRejected` (`encoding.canonical-json`) for what has no canonical form: NaN, integers
    beyond 2**53, keys that are not text.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError) as fault:
        raise InputRejected("encoding.canonical-json", "This value has no canonical JSON form.") from fault
