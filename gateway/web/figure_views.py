"""What is shown of a period as a document: the answer of the API, and what an export holds."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from gateway.domain.figures import Row, Table
from gateway.web.figures import Labels, Statement
from gateway.web.monthly import Count
from shared.sop.indicators import Measure
from shared.sop.model import Name
from shared.wire.indicators import FiguresV1

#: The columns of an export, in their order.
COLUMNS: Final = (
    *("period", "view", "counted_at", "suppressed_below", "rounded_to", "indicator", "name", "by", "level"),
    *("part", "part_name", "referrals_or_count", "share_percent", "share_bound", "median", "p90", "unit", "mean"),
)


def document(statement: Statement, labels: Labels, counts: Sequence[Count]) -> FiguresV1:
    """Return what is shown, with the names of everything in both languages."""
    return FiguresV1.model_validate(
        {
            "period": statement.period.key,
            "view": statement.view.value,
            "by": statement.by.value if statement.by else None,
            "counted_at": statement.counted_at,
            "suppressed_below": statement.least.smallest,
            "least_agencies": statement.least.agencies,
            "rounded_to": statement.least.rounded_to,
            "tables": [_table(table, labels) for table in statement.tables],
            "counts": [
                {"indicator": one.indicator, "key": one.key, "name": _text(one.name), "count": one.count}
                for one in counts
            ],
        }
    )


def lines(shown: FiguresV1, language: str) -> Iterator[Sequence[Any]]:
    """Yield what is shown line by line, in the order of `COLUMNS`, with names in one language."""
    head = (shown.period, shown.view, shown.counted_at, shown.suppressed_below, shown.rounded_to)
    for table in shown.tables:
        name = getattr(table.name, language)
        for row in table.rows:
            part = (row.level, row.key, getattr(row.name, language))
            share = (row.share.percent, row.share.bound) if row.share else (None, None)
            times = (row.median, row.p90, table.unit, row.mean)
            yield (*head, table.indicator, name, table.by, *part, row.referrals, *share, *times)
    for one in shown.counts:
        place = (one.indicator, getattr(one.name, language), "count", 1, one.key, getattr(one.name, language))
        yield (*head, *place, one.count, None, None, None, None, None, None)


def unit_of(measure: Measure | None, *, has_clock: bool) -> str | None:
    """Return in what lengths of time are told, where a table tells of any."""
    if measure is Measure.DAYS:
        return "days"
    return "hours" if measure is Measure.HOURS or has_clock else None


def _table(table: Table, labels: Labels) -> dict[str, Any]:
    facts = labels.facts(table.indicator)
    return {
        "indicator": table.indicator,
        "source": facts.source if facts else "",
        "name": _text(labels.indicator(table.indicator)),
        "formula": _text(facts.formula) if facts else None,
        "measure": facts.measure.value if facts else "referrals",
        "unit": unit_of(facts.measure if facts else None, has_clock=facts is not None and facts.phase is not None),
        "by": table.by.value if table.by else None,
        "hidden": table.hidden,
        "rows": [_row(row, table, labels) for row in table.rows],
    }


def _row(row: Row, table: Table, labels: Labels) -> dict[str, Any]:
    share = {"percent": row.share.percent, "bound": row.share.bound.value} if row.share else None
    return {**asdict(row), "share": share, "name": _text(labels.part(table.by, row.key))}


def _text(name: Name) -> dict[str, str]:
    return {"vi": name.vi, "en": name.en}
