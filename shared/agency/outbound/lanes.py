"""Which letters may go next, so that what belongs together keeps its order.

Letters of one lane (a referral, a consent) go one after another; a letter also waits until earlier letters in
the lanes it names are answered (a referral waits for its consent to be registered). Everything else goes side
by side. Pure; nothing here knows a database or a network.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Waiting:
    """One letter without an answer. `not_before` is in seconds of the caller's timer."""

    message_id: str
    lane: str
    waits_on: frozenset[str]
    size: int
    not_before: float = 0.0
    attempts: int = 0
    alone: bool = False
    in_flight: bool = False


class Lanes:
    """Every letter without an answer, in the order it was written."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._waiting

    def add(self, message_id: str, *, lane: str, waits_on: Iterable[str], size: int) -> None:
        """Enter a letter, last in its lane. Entering one twice changes nothing."""
        if message_id not in self._waiting:
            self._waiting[message_id] = Waiting(message_id, lane, frozenset(waits_on) | {lane}, size)

    def take(self, *, now: float, most: int, size_most: int) -> Sequence[str]:
        """Return the letters that may go now, marked as in flight: at most `most`, together under `size_most` bytes.

        A single letter larger than `size_most` goes alone, and so does one that spoilt a batch.
        """
        taken: list[str] = []
        busy: set[str] = set()
        room = size_most
        for letter in self._waiting.values():
            free = not letter.in_flight and letter.not_before <= now and busy.isdisjoint(letter.waits_on)
            busy.add(letter.lane)
            if not free:
                continue
            if taken and (letter.alone or letter.size > room):
                break
            letter.in_flight = True
            taken.append(letter.message_id)
            room -= letter.size
            if letter.alone or len(taken) == most:
                break
        return taken

    def settle(self, message_id: str) -> None:
        """Take out a letter that was answered."""
        self._waiting.pop(message_id, None)

    def put_back(self, message_id: str, *, not_before: float, alone: bool) -> None:
        """Let a letter that got no answer go again at `not_before`, by itself when `alone`."""
        letter = self._waiting[message_id]
        letter.in_flight = False
        letter.not_before = not_before
        letter.alone = alone
        letter.attempts += 1

    def attempts(self, message_id: str) -> int:
        """Return how often a letter has failed."""
        return self._waiting[message_id].attempts

    def next_at(self, now: float) -> float | None:
        """Return when the next letter's time comes; None when none waits for a time after `now`."""
        times = [letter.not_before for letter in self._waiting.values() if letter.not_before > now]
        return min(times, default=None)
