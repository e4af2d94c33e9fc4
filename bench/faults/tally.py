"""What was injected: one for each fault that really hit live traffic or a live process, by kind and by where."""

from collections import Counter
from collections.abc import Mapping


class Tally:
    """Counts of one round."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, kind: str, where: str) -> None:
        """Count one fault."""
        self._counts[kind, where] += 1

    @property
    def total(self) -> int:
        """How many there were."""
        return self._counts.total()

    def by_kind(self) -> Mapping[str, int]:
        """Return how many there were of each kind, most first."""
        kinds: Counter[str] = Counter()
        for (kind, _), count in self._counts.items():
            kinds[kind] += count
        return dict(kinds.most_common())

    def by_place(self) -> Mapping[str, int]:
        """Return how many hit each place: a pair of programs, a process, a database."""
        places: Counter[str] = Counter()
        for (_, place), count in self._counts.items():
            places[place] += count
        return dict(places.most_common())
