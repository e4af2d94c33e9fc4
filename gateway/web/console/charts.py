"""Charts as numbers for a picture: where each bar ends, where each point of a line lies. The template draws them.

Drawn by the server as SVG with attributes and classes alone; widths are in hundredths, so that a chart fits a telephone
as well as a desk. What a chart shows stands in the table beside it; what is not shown has no bar.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.figures import Row, Table
from shared.sop.indicators import Dimension

ROW: Final = 46
_HEIGHT: Final = 120
_FULL: Final = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: whose it is, how far it reaches of a hundred, and where it begins from above."""

    row: Row
    width: int
    top: int


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: whose it is, how far from the left (of a hundred) and from above."""

    row: Row
    left: float
    top: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, or a line where the parts follow one another in time."""

    bars: Sequence[Bar] = ()
    points: Sequence[Point] = ()

    @property
    def height(self) -> int:
        """Return how high the picture is."""
        return len(self.bars) * ROW if self.bars else _HEIGHT + 2 * ROW

    @property
    def steps(self) -> Sequence[tuple[Point, Point]]:
        """Return the pieces of the line."""
        return list(zip(self.points, self.points[1:], strict=False))


def chart_of(table: Table) -> Chart | None:
    """Return the chart of a table; None where there are not two parts to compare.

    A table that shows shares is drawn by its shares alone: one that is hidden has no bar of another kind.
    """
    value = next((one for one in _VALUES if any(one(row) is not None for row in table.rows)), _VALUES[0])
    rows = [row for row in table.rows if row.level == 1 and value(row) is not None]
    if len(rows) <= 1:
        return None
    most = _FULL if value is _VALUES[0] else max(value(row) or 0 for row in rows) or 1
    shares = [min(_FULL, round(_FULL * (value(row) or 0) / most)) for row in rows]
    if table.by is Dimension.MONTH:
        return Chart(points=[_point(row, share, at, len(rows)) for at, (row, share) in _numbered(rows, shares)])
    return Chart(bars=[Bar(row, share, at * ROW) for at, (row, share) in _numbered(rows, shares)])


def _numbered(rows: Sequence[Row], shares: Sequence[int]) -> list[tuple[int, tuple[Row, int]]]:
    return list(enumerate(zip(rows, shares, strict=True)))


def _point(row: Row, share: int, at: int, count: int) -> Point:
    return Point(row, round((at + 0.5) * _FULL / count, 1), ROW + _HEIGHT * (_FULL - share) / _FULL)


def _percent(row: Row) -> float | None:
    return row.share.percent if row.share is not None else None


#: What a table is drawn by: the first of these that it has.
_VALUES: Final[Sequence[Callable[[Row], float | None]]] = (
    _percent,
    lambda row: row.referrals,
    lambda row: row.median,
)
