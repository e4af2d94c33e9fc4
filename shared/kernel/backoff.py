"""How long to wait before something is tried again: exponential backoff with jitter."""

import secrets
from typing import Final

FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 10.0

_STEPS: Final = 1_000
#: Twice as long so often at most: by then the longest wait is reached, and a number is never too large to be written.
_DOUBLINGS_MOST: Final = 32


def backoff(attempt: int, *, first: float = FIRST_WAIT, longest: float = LONGEST_WAIT) -> float:
    """Return the seconds to wait after failed attempt number `attempt` (from 1): half fixed, half jitter."""
    whole: float = min(longest, first * 2 ** min(attempt - 1, _DOUBLINGS_MOST))
    return whole / 2 * (1 + secrets.randbelow(_STEPS) / _STEPS)
