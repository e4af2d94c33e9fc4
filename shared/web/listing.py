"""Lists: `?limit=` and an opaque `?after=`, answered as `{"items": [...], "next": "..."|null}`.

Owns the two parameters and the cursor (wire contract, section 1). Promises that a cursor is opaque and bounded, and
that a forged one is refused like any wrong parameter. A cursor holds a position only, never a filter: filters are
repeated by the caller.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Query

from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import FieldFault, InputRejected
from shared.web.body import is_storable

LIMIT_DEFAULT: Final = 50
LIMIT_MOST: Final = 200
_CURSOR_PATTERN: Final = r"^[A-Za-z0-9_-]{1,512}$"

Position = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The slice a caller asks for: at most `limit` items, after position `after` (`None`: from the start)."""

    limit: int
    after: Position | None

    def after_int(self) -> int | None:
        """Return the position as one whole number. Raises `InputRejected` if the cursor is of another list."""
        if self.after is None:
            return None
        if len(self.after) == 1 and isinstance(self.after[0], int):
            return self.after[0]
        raise _wrong_cursor()

    def after_text(self) -> str | None:
        """Return the position as one text. Raises `InputRejected` if the cursor is of another list."""
        if self.after is None:
            return None
        if len(self.after) == 1 and isinstance(self.after[0], str):
            return self.after[0]
        raise _wrong_cursor()

    def after_pair(self) -> tuple[str, str] | None:
        """Return the position as two texts. Raises `InputRejected` if the cursor is of another list."""
        if self.after is None:
            return None
        match self.after:
            case (str(first), str(second)):
                return first, second
        raise _wrong_cursor()


async def _page(
    limit: Annotated[int, Query(ge=1, le=LIMIT_MOST, description="The most items to answer.")] = LIMIT_DEFAULT,
    after: Annotated[str | None, Query(pattern=_CURSOR_PATTERN, description="`next` of the list before.")] = None,
) -> Page:
    return Page(limit, None if after is None else read_cursor(after))


#: Declare a list with `page: Paged`.
Paged = Annotated[Page, Depends(_page)]


def write_cursor(*position: str | int) -> str:
    """Write a position as the opaque text of `next`."""
    return b64url(json.dumps(position, separators=(",", ":")).encode())


def read_cursor(text: str) -> Position:
    """Read what `write_cursor` wrote. Raises `InputRejected` (`message.invalid`) for anything else."""
    try:
        parts = json.loads(from_b64url(text))
    except (InputRejected, ValueError, RecursionError):
        raise _wrong_cursor() from None
    if not isinstance(parts, list) or not all(_is_part(part) for part in parts):
        raise _wrong_cursor()
    return tuple(parts)


def answer(items: Sequence[Any], *, last: Position | None) -> dict[str, Any]:
    """Write a list's answer. `last` is the position of the last item if more may follow, else `None`."""
    return {"items": list(items), "next": None if last is None else write_cursor(*last)}


def _is_part(part: Any) -> bool:
    if isinstance(part, str):
        return is_storable(part)
    return isinstance(part, int) and not isinstance(part, bool) and abs(part) < 2**53


def _wrong_cursor() -> InputRejected:
    fault = FieldFault("/query/after", "field.form", "Write `next` of the list before, unchanged.")
    return InputRejected("message.invalid", "The position is not one of this list.", faults=(fault,))
