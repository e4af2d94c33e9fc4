"""Statements as they travel to PostgreSQL in one round trip, and the form of their values on the way.

Follows the frontend/backend protocol 3.0: a value is text or binary. Knows nothing of the driver, so that a process on
SQLite need not import it (9 MiB).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import JSON, Boolean, Integer, LargeBinary, String
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString

from shared.kernel.errors import InternalFault
from shared.kernel.json_text import read_json, write_json

_TEXT: Final = 0
_BINARY: Final = 1

Values = Sequence[bytes | None]


class Order(NamedTuple):
    """One statement with one set of values, and whether each of them is binary."""

    text: str
    values: Values = ()
    formats: Sequence[int] = ()


BEGIN, COMMIT = Order("BEGIN"), Order("COMMIT")


def _write_document(value: Any) -> bytes:
    return write_json(value).encode()


def _read_whole(data: bytes) -> int:
    return int.from_bytes(data, signed=True)


def _write_whole(value: int) -> bytes:
    return b"%d" % value


def _write_truth(value: object) -> bytes:
    return b"t" if value else b"f"


def encoder(kind: TypeEngine[Any]) -> tuple[Callable[[Any], bytes], int]:
    """Return what writes values of a type, and the format: texts are binary, or they would be cut at a NUL."""
    if isinstance(kind, JSON):
        return _write_document, _BINARY
    if isinstance(kind, Boolean):
        return _write_truth, _TEXT
    if isinstance(kind, Integer):
        return _write_whole, _TEXT
    if isinstance(kind, LargeBinary):
        return bytes, _BINARY
    if isinstance(kind, (String, AutoString)):
        return str.encode, _BINARY
    raise InternalFault("storage.columns", "A table has a column of a type that is not written here.")


def decoder(kind: TypeEngine[Any]) -> Callable[[bytes], Any]:
    """Return what reads the binary form of a type."""
    if isinstance(kind, JSON):
        return read_json
    if isinstance(kind, Boolean):
        return b"\1".__eq__
    if isinstance(kind, Integer):
        return _read_whole
    return bytes if isinstance(kind, LargeBinary) else bytes.decode
