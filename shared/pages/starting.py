"""How a process that cannot start says so: one sentence for its operator, and an exit status that tells what helps.

Status 78 (`EX_CONFIG` of sysexits.h): somebody has to change a setting, a key file or a database first. Status 75
(`EX_TEMPFAIL`): starting it again later may do.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from shared.kernel.errors import MeshError, PeerUnavailable

P = ParamSpec("P")
T = TypeVar("T")


def or_say_why(start: Callable[P, T]) -> Callable[P, T]:
    """Let a function that starts a process end it with a sentence where it raises a `MeshError`."""

    @wraps(start)
    def started(*given: P.args, **named: P.kwargs) -> T:
        try:
            return start(*given, **named)
        except MeshError as error:
            sys.stderr.write(f"{error.message} ({error.code})\n")
            raise SystemExit(os.EX_TEMPFAIL if isinstance(error, PeerUnavailable) else os.EX_CONFIG) from None

    return started
