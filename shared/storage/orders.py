"""Statements as they travel to PostgreSQL in one round trip, and the form of their values on the way.

Follows the frontend/backend protocol 3.0: a value is text or binary. Knows nothing of the driver, so that a process on
SQLite need not import it (9 MiB).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Integer, LargeBinary, String
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString

from shared.kernel.errors import InternalFault
from shared.kernel.json_text import read_json, write_json_bytes

_TEXT: Final = 0
_BINARY: Final = 1

Values = Sequence[bytes | None]


#: One statement with one set of values, and whether each of them is binary.
Order = tuple[str, Values, Sequence[int]]
BEGIN: Final[Order] = ("BEGIN", (), ())
COMMIT: Final[Order] = ("COMMIT", (), ())


def beginning(isolation: int | None, *, read_only: bool) -> Order:
    """Return what begins a transaction as the toolkit wants it: `isolation` as the driver counts (None: unsaid)."""
    words = "BEGIN" if isolation is None else f"BEGIN ISOLATION LEVEL {_ISOLATIONS[isolation]}"
    return (f"{words} READ ONLY" if read_only else words, (), ())


_ISOLATIONS: Final = {1: "READ UNCOMMITTED", 2: "READ COMMITTED", 3: "REPEATABLE READ", 4: "SERIALIZABLE"}
_write_whole = b"%d".__mod__
_write_truth = {False: b"f", True: b"t"}.__getitem__


def _read_whole(data: bytes) -> int:
    return int.from_bytes(data, signed=True)


def encoder(kind: TypeEngine[Any]) -> tuple[Callable[[Any], bytes], int]:
    """Return what writes values of a type, and the format: texts are binary, or they would be cut at a NUL."""
    if isinstance(kind, JSON):
        return write_json_bytes, _BINARY
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
