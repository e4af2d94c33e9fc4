"""How a rule says no: the code of a refusal in `rules.toml`, and the place in what was sent that it is about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why something may not be done."""

    code: str
    pointer: str | None = None


def untimely(moments: Iterable[tuple[str, datetime]], *, latest: datetime) -> Iterator[Objection]:
    """Object to moments that are not in the order in which they are given, or later than `latest`."""
    before: datetime | None = None
    for pointer, at in moments:
        if at > latest or (before is not None and at < before):
            yield Objection("police.times", pointer)
        before = at
