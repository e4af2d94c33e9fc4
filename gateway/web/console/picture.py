"""The picture of a chain: who referred on to whom, as a tree that grows downwards and fits a telephone.

Numbers only; the template draws. The table beside it says the same in words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.adapters.chain_files import ChainLink
from shared.referral.chain import ONWARD, as_tree

WIDTH: Final = 320
_ROW: Final = 62
_BOX: Final = 48
_STEP: Final = 20
_DEEPEST: Final = 7
_LETTER: Final = 8.7


@dataclass(frozen=True, slots=True)
class Box:
    """One agency in the picture; `link` None is who sent the first referral."""

    x: int
    y: int
    width: int
    agency: str
    link: ChainLink | None

    @property
    def letters(self) -> int:
        """How many letters of a line fit."""
        return int((self.width - 16) / _LETTER)


@dataclass(frozen=True, slots=True)
class Branch:
    """The line from one box down and across to another."""

    x: int
    top: int
    bottom: int
    end: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a chain."""

    height: int
    boxes: Sequence[Box]
    branches: Sequence[Branch]


def draw(links: Sequence[ChainLink]) -> Picture:
    """Return the picture of a chain."""
    boxes: list[Box] = []
    branches: list[Branch] = []
    for above, depth, agency, link in _walk(links):
        x, y = 2 + _STEP * min(depth, _DEEPEST), 2 + _ROW * len(boxes)
        boxes.append(Box(x, y, WIDTH - x - 2, agency, link))
        if above is not None:
            start = boxes[above]
            branches.append(Branch(start.x + _STEP // 2, start.y + _BOX, y + _BOX // 2, x))
    return Picture(_ROW * len(boxes) - (_ROW - _BOX) + 4, boxes, branches)


def _walk(links: Sequence[ChainLink]) -> Iterator[tuple[int | None, int, str, ChainLink | None]]:
    """Yield the boxes from above: the place of the box each hangs on, how deep, whose it is, by which referral."""
    tree = as_tree([{"referral_id": one.referral_id, "parent_id": one.parent_id, "link": one} for one in links])
    place = 0
    for root in tree:
        yield None, 0, root["link"].sender, None
        waiting: list[tuple[int, int, dict[str, Any]]] = [(place, 1, root)]
        place += 1
        while waiting:
            above, depth, node = waiting.pop()
            yield above, depth, node["link"].recipient, node["link"]
            waiting += [(place, depth + 1, child) for child in reversed(node[ONWARD])]
            place += 1
