"""Which numbers of a table may be shown, so that no small number follows from them: not from totals, nor from tables.

Follows rule R-23 and invariant INV-12; the method and its sources stand in `docs/explanation/small-numbers.md`. A whole
(a quarter) is parted along one dimension at a time: its months, or its sectors and they into services. Promises, for
every table that is made here: whoever knows all that is shown, how it was made, and the size of every other part,
still finds at least as many values possible for a number that is not shown as the smallest number that may be.

1. Small is: fewer than `smallest`, none at all included; or too few agencies. Of a share both sides are numbers: those
   who got what was due, and those who did not ("all of them" is a small number too).
2. What is hidden in a whole is at least two parts, one of them not small, and together twice what is small; else more
   parts are hidden with them, from the end of the catalogue on. Never the next smallest: whoever knows that rule could
   compute it back.
3. What is hidden is not parted further, and nothing is parted whose whole is hidden.
4. A wider circle is shown nothing that a narrower one is not, so that having both views is no more than having one.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.counting import Least

WHOLE: Final = ""
_TOGETHER: Final = "\x00"  # the parts whose size is hidden, taken as one
_TWO: Final = 2
_STEP: Final = 5
_NEARLY_ALL, _ALL = 90, 100


@dataclass(frozen=True, slots=True)
class Part:
    """How many cases a part has, how many of them were `met`, and which agencies stand behind it."""

    key: str
    cases: int
    met: int = 0
    agencies: frozenset[str] = frozenset()

    @property
    def rest(self) -> int:
        """Return how many were not met."""
        return self.cases - self.met


@dataclass(frozen=True, slots=True)
class Verdict:
    """The keys whose size may be shown, and those whose share may; `WHOLE` is the key of the whole."""

    sizes: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()

    def __or__(self, other: "Verdict") -> "Verdict":
        return Verdict(self.sizes | other.sizes, self.shares | other.shares)


#: All parts of one whole, in the order of the catalogue; below each of them may stand its own parts.
Parts = Sequence[Part]
Below = Mapping[str, Parts]


class Bound(StrEnum):
    """Whether a share is that many in a hundred, or only known to be on one side of it."""

    NEAR = "near"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class Share:
    """How many in a hundred, in steps of five."""

    percent: int
    bound: Bound = Bound.NEAR


def judge(
    whole: Part, parts: Parts, *, least: Least, below: Below | None = None, within: Verdict | None = None
) -> Verdict:
    """Say what may be shown of a whole, of its parts, and of what stands below them.

    `within` is what the narrower circle is shown of the same whole.
    """
    sizes, shares = _whole(whole, least)
    if not sizes:
        return Verdict()
    found = Verdict(frozenset({WHOLE}), frozenset({WHOLE} if shares else ()))
    found |= _parted(parts, least, shares=shares, within=within)
    for part in parts if below else ():
        if below and part.key in found.sizes:
            found |= _parted(below.get(part.key, ()), least, shares=part.key in found.shares, within=within)
    return found


def share_of(part: Part) -> Share:
    """Return the share of a part that may be shown; what would be none or all says only that it is near."""
    percent = (_ALL * part.met + _STEP * part.cases // 2) // (_STEP * part.cases) * _STEP
    if percent <= 0:
        return Share(_STEP, Bound.AT_MOST)
    return Share(_ALL - _STEP, Bound.AT_LEAST) if percent >= _ALL else Share(percent)


def near_all(whole: Part, *, least: Least) -> Share | None:
    """Return what may be said of a whole whose share is hidden: that nearly all, or hardly any, were met.

    Only of a whole, none of whose parts has a share that is shown; and only where it is large.
    """
    if whole.cases < least.smallest * (_ALL // (_ALL - _NEARLY_ALL)) or len(whole.agencies) < least.agencies:
        return None
    if whole.rest < least.smallest:
        return Share(_NEARLY_ALL, Bound.AT_LEAST)
    return Share(_ALL - _NEARLY_ALL, Bound.AT_MOST) if whole.met < least.smallest else None


def joined(parts: Iterable[Part], key: str = WHOLE) -> Part:
    """Return several parts as one."""
    found = list(parts)
    agencies = frozenset[str]().union(*(one.agencies for one in found))
    return Part(key, sum(one.cases for one in found), sum(one.met for one in found), agencies)


def _whole(whole: Part, least: Least) -> tuple[bool, bool]:
    return not _small(whole, least), not _split_small(whole, least)


def _parted(parts: Parts, least: Least, *, shares: bool, within: Verdict | None) -> Verdict:
    """Judge the parts of one whole that is itself shown, as is its share when `shares`."""
    barred = frozenset() if within is None else frozenset(one.key for one in parts) - within.sizes
    small = {one.key for one in parts if _small(one, least)} | barred
    hidden = hide(parts, small, enough=lambda some: _covers(some, least, split=False))
    sizes = frozenset(one.key for one in parts) - hidden
    if not shares:
        return Verdict(sizes)
    known = [one for one in parts if one.key in sizes]
    rest = [one for one in parts if one.key in hidden]
    units = [*known, *([joined(rest, _TOGETHER)] if rest else [])]
    barred = frozenset() if within is None else sizes - within.shares
    small = {one.key for one in units if _split_small(one, least)} | barred
    unsaid = hide(units, small, enough=lambda some: _covers(some, least, split=True))
    return Verdict(sizes, sizes - unsaid)


def hide(parts: Parts, small: Collection[str], *, enough: Callable[[list[Part]], bool]) -> frozenset[str]:
    """Return the keys to hide: those of `small`, and with them as many from the end on as make them `enough`."""
    hidden = {one.key for one in parts if one.key in small}
    if not hidden:
        return frozenset()
    for part in reversed(parts):
        if enough([one for one in parts if one.key in hidden]):
            break
        hidden.add(part.key)
    return frozenset(hidden)


def _covers(hidden: list[Part], least: Least, *, split: bool) -> bool:
    """Say whether what is hidden together hides each of its parts, also from whoever knows these rules.

    One of them is not small, so nobody knows that all are; and together they are twice what is small, so the one that
    is not leaves every small number possible for the others.
    """
    whole, is_small = joined(hidden), _split_small if split else _small
    fewest = min(whole.met, whole.rest) if split else whole.cases
    not_all_small = any(not is_small(one, least) for one in hidden)
    return len(hidden) >= _TWO and not_all_small and fewest >= _TWO * least.smallest


def _small(part: Part, least: Least) -> bool:
    return not least.shows(part.cases, len(part.agencies))


def _split_small(part: Part, least: Least) -> bool:
    return _small(part, least) or min(part.met, part.rest) < least.smallest
