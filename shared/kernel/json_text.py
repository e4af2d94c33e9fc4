"""Answers and documents in columns: JSON written compactly and read back, in a fraction of the standard library's time.

A transaction for 64 callers writes hundreds of them, and one for a single caller reads a dozen. What holds half of a
surrogate pair has no UTF-8: it is carried by its escape, which only the standard library writes and reads. What is
hashed is written by `shared.kernel.canonical`.
"""

import json
from typing import Any

from pydantic_core import from_json, to_json

_write_escaped = json.JSONEncoder(separators=(",", ":")).encode


def write_json(value: Any) -> str:
    """Write a document compactly."""
    try:
        return to_json(value).decode()
    except ValueError:
        return _write_escaped(value)


def write_json_bytes(value: Any) -> bytes:
    """Write a document as `write_json` does, in UTF-8."""
    try:
        return to_json(value)
    except ValueError:
        return _write_escaped(value).encode()


def read_json(text: str | bytes) -> Any:
    """Read a document. Values are read anew each time: nobody keeps what was in a record."""
    try:
        return from_json(text, cache_strings="keys")
    except ValueError:
        return json.loads(text)
    except TypeError:
        return text  # a bare number, which SQLite keeps as one
