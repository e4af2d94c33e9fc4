"""Waiting for databases and secrets that others make: for commands that run once beside services that start too."""

import time
from collections.abc import Callable
from typing import Final

from mesh.refusal import CommandRefused
from shared.kernel.errors import MeshError
from shared.web.waiting import passes

PAUSE: Final = 1.0


def when_it_can(do: Callable[[], None], *, within: float) -> None:
    """Do what may be repeated; again, until it can be done, for so many seconds.

    Raises what it raised last, and `CommandRefused` for a file that is still not there.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            return do()
        except MeshError as fault:
            if not passes(fault) or time.monotonic() > deadline:
                raise
        except FileNotFoundError as missing:
            if time.monotonic() > deadline:
                raise CommandRefused(f"There is no file {missing.filename}.") from missing
        time.sleep(PAUSE)
