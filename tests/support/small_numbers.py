"""Somebody who knows every number that is shown, and exactly how it was made, and wants those that are not.

Every world is made that there could be; those that look alike from outside are what she cannot tell apart. Whatever
a hidden number is in any of them is a value that is possible for it. Nothing stronger can be known: it needs no
algebra, and knows the rules of the method too (Wong et al. 2007 call that a minimality attack).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from gateway.domain.counting import Least
from gateway.domain.suppression import WHOLE, Part, Verdict, joined

THREE = frozenset({"one", "two", "three"})

#: What is really so: numbers by name. And what is shown of it: numbers by name, those that are not left out.
World = Mapping[str, int]
Publish = Callable[[World], Mapping[str, int]]


def least(smallest: int) -> Least:
    """A threshold that rounds nothing: rounding only ever hides more."""
    return Least(smallest=smallest, agencies=3, rounded_to=1)


def narrowed(worlds: Iterable[World], publish: Publish, *, to_less_than: int) -> list[tuple[str, list[int]]]:
    """Return the hidden numbers for which she is left with fewer values than that."""
    alike: dict[Hashable, list[World]] = defaultdict(list)
    for world in worlds:
        alike[tuple(sorted(publish(world).items()))].append(world)
    found = []
    for seen, possible in alike.items():
        shown = {name for name, _ in seen}  # type: ignore[attr-defined]
        for name in sorted(possible[0].keys() - shown):
            values = {world[name] for world in possible}
            if len(values) < to_less_than:
                found.append((name, sorted(values)))
    return found


def splits_of(total: int, into: int) -> Iterator[tuple[int, ...]]:
    """All ways in which a number is a sum."""
    if into == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for others in splits_of(total - first, into - 1):
            yield (first, *others)


def tables(parts: int, *, most: int) -> Iterator[dict[str, int]]:
    """Every table of so many parts with every total up to `most`."""
    for total in range(most + 1):
        for found in splits_of(total, parts):
            yield {f"n:{at}": size for at, size in enumerate(found)}


def tables_of_shares(parts: int, *, most: int) -> Iterator[dict[str, int]]:
    """Every table of so many parts, of whom some were met, with every total up to `most`."""
    for world in tables(parts, most=most):
        sizes = [world[f"n:{at}"] for at in range(parts)]
        for met in product(*(range(size + 1) for size in sizes)):
            yield {**world, **{f"m:{at}": some for at, some in enumerate(met)}}


def parts_of(world: World, keys: Sequence[str]) -> list[Part]:
    """Read a world's parts."""
    return [Part(key, world[f"n:{key}"], world.get(f"m:{key}", 0), THREE) for key in keys]


def seen(world: World, parts: Sequence[Part], verdict: Verdict) -> dict[str, int]:
    """What is shown of a world, exactly: sizes, and how many were met."""
    whole = joined(parts)
    numbers: dict[str, Any] = {one.key: one for one in (*parts, whole)}
    found = {f"n:{key}": numbers[key].cases for key in verdict.sizes if key in numbers}
    return (
        found
        | {f"m:{key}": numbers[key].met for key in verdict.shares if key in numbers and f"m:{key}" in world}
        | ({"m:": whole.met} if WHOLE in verdict.shares else {})
    )
