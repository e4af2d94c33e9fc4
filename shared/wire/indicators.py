"""The indicators of a period on the wire, as they may be seen: shares and medians, rounded, small numbers left out.

Follows fact sheet section 8 and rule R-23. Null is what this reader is not shown: few, or none.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.wire.fields import Open

PERIOD_PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2]|Q[1-4])$"

Percent = Annotated[int, Field(ge=0, le=100)]


class TextV1(Open):
    """A text in Vietnamese and English."""

    vi: str
    en: str


class ShareV1(Open):
    """How many in a hundred, in steps of five; or that it is known only to be on one side of that."""

    percent: Percent
    bound: Literal["near", "at_least", "at_most"]


class FigureRowV1(Open):
    """One line of a table: the whole (`level` 0), a part of it (1), or what stands below a part (2)."""

    key: str
    name: TextV1
    level: int
    referrals: int | None
    share: ShareV1 | None
    median: float | None
    p90: float | None
    mean: float | None


class FigureTableV1(Open):
    """One indicator along one dimension. `hidden` parts are not shown; `unit` is that of median and p90."""

    indicator: str
    source: str
    name: TextV1
    formula: TextV1 | None
    measure: str
    unit: Literal["hours", "days"] | None
    by: str | None
    hidden: int
    rows: tuple[FigureRowV1, ...]


class CountV1(Open):
    """A monthly count that stands for itself; null where it is not shown."""

    indicator: str
    key: str
    name: TextV1
    count: int | None


class FiguresV1(Open):
    """The tables of one period for one circle of readers, and what a number must have to be shown to them."""

    period: str
    view: Literal["public", "internal"]
    by: str | None
    counted_at: str
    suppressed_below: int
    least_agencies: int
    rounded_to: int
    tables: tuple[FigureTableV1, ...]
    counts: tuple[CountV1, ...] = ()
