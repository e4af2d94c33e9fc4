"""The golden messages as starting points: a test says only what makes its message different."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.kernel.errors import InputRejected
from shared.wire.messages import Message, parse

GOLDEN = Path(__file__).resolve().parents[1] / "contract" / "golden" / "v1"
NAMES: Sequence[str] = sorted(path.stem for path in GOLDEN.glob("*.json"))


def golden_bytes(name: str) -> bytes:
    """The exact bytes of a golden message, such as `consent-first`."""
    return (GOLDEN / f"{name}.json").read_bytes()


def golden(name: str) -> dict[str, Any]:
    """A golden message as a fresh dict."""
    document: dict[str, Any] = json.loads(golden_bytes(name))
    return document


def kind_of(name: str) -> str:
    """The kind of a golden message: what stands before the hyphen."""
    return name.partition("-")[0]


def parse_changed(name: str, **changes: Any) -> Message:
    """Parse a golden message with some fields replaced; `...` takes a field away."""
    document = {field: value for field, value in {**golden(name), **changes}.items() if value is not ...}
    return parse(kind_of(name), json.dumps(document).encode())


def faults(name: str, **changes: Any) -> list[tuple[str, str]]:
    """The pointers and codes with which a changed golden message is refused; [] when it is accepted."""
    try:
        parse_changed(name, **changes)
    except InputRejected as error:
        return [(fault.pointer, fault.code) for fault in error.faults]
    return []
