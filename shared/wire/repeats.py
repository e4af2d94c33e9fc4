"""Member names given twice in one object: two readers may understand such a document differently (RFC 8259 section 4).

Promises the verdict of a full second reading, mostly without it: when a message has been read, one counts how many
names it holds and how many its text has. Where counting could mislead, the text is read again.
"""

import json
from typing import Any

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
    if isinstance(value, BaseModel):
        given, members = value.model_fields_set, value.__dict__
        return len(given) + sum(count_names(members[name]) for name in given if isinstance(members[name], _HOLDING))
    if isinstance(value, dict):
        return len(value) + sum(count_names(child) for child in value.values() if isinstance(child, _HOLDING))
    return sum(count_names(child) for child in value if isinstance(child, _HOLDING))


_HOLDING = (BaseModel, dict, tuple, list)


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise InputRejected("message.repeated-name", "A field is given twice; give each name once.")
