"""One page of memory shared with each process under test: how far its clock is off, and where it is to die.

The harness writes it, the process reads it at every named point, so arming a point or moving a clock costs no restart.
"""

import mmap
import os
import struct
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from shared.kernel.clock import SystemClock, whole_milliseconds

_SIZE: Final = 4096
_OFFSET: Final = struct.Struct("<d")
_COUNT: Final = struct.Struct("<i")
_ARMED, _LEFT, _DIED, _HITS = 8, 12, 16, 64
NOWHERE: Final = -1


class Page:
    """The page of one process, in a file of the stage."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SIZE)
        self.path = path

    @property
    def offset(self) -> float:
        """Seconds by which the clock of this process is ahead of the machine's."""
        return float(_OFFSET.unpack_from(self._memory, 0)[0])

    @offset.setter
    def offset(self, seconds: float) -> None:
        _OFFSET.pack_into(self._memory, 0, seconds)

    def arm(self, point: int, *, after: int = 0) -> None:
        """Have the process die the next time it reaches a point, or so many times later."""
        self._write(_DIED, NOWHERE)
        self._write(_LEFT, after)
        self._write(_ARMED, point)

    def disarm(self) -> None:
        """Let the process live."""
        self._write(_ARMED, NOWHERE)

    def clear(self) -> None:
        """Forget what an earlier process did."""
        self._write(_DIED, NOWHERE)
        self.disarm()

    @property
    def died_at(self) -> int:
        """The point at which the process last killed itself."""
        return self._read(_DIED)

    def hits(self, point: int) -> int:
        """How often any process of this page has reached a point."""
        return self._read(_HITS + 4 * point)

    def reach(self, point: int) -> None:
        """Note that a point is reached; die here when it is armed. Called in the process under test."""
        place = _HITS + 4 * point
        self._write(place, self._read(place) + 1)
        if self._read(_ARMED) != point:
            return
        left = self._read(_LEFT)
        if left > 0:
            self._write(_LEFT, left - 1)
            return
        self._write(_DIED, point)
        os.kill(os.getpid(), 9)

    def _read(self, place: int) -> int:
        return int(_COUNT.unpack_from(self._memory, place)[0])

    def _write(self, place: int, value: int) -> None:
        _COUNT.pack_into(self._memory, place, value)


class ShiftedClock:
    """The machine's clock, ahead or behind by what the page says: the clock a process under test is given."""

    def __init__(self, page: Page) -> None:
        self._page, self._machine = page, SystemClock()

    def now(self) -> datetime:
        """Return the present moment of this process."""
        return whole_milliseconds(self._machine.now() + timedelta(seconds=self._page.offset))
