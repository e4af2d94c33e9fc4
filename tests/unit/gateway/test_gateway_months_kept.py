"""How far back the months of what is kept reach."""

from datetime import UTC, datetime

import pytest

from gateway.domain.retention import forgotten_before


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        ((2028, 11, 22, 5), 24, (2026, 11, 22, 5)),
        ((2028, 2, 29, 0), 12, (2027, 2, 28, 0)),
        ((2026, 3, 31, 23), 1, (2026, 2, 28, 23)),
        ((2026, 3, 30, 20), 1, (2026, 2, 27, 20)),  # three in the morning of the 31st in Viet Nam
        ((2026, 1, 1, 0), 1, (2025, 12, 1, 0)),
        ((2026, 12, 31, 0), 24, (2024, 12, 31, 0)),
    ],
)
def test_months_are_counted_by_the_calendar_and_end_with_a_shorter_month(
    now: tuple[int, ...], months: int, then: tuple[int, ...]
) -> None:
    year, month, day, hour = now
    back = forgotten_before(datetime(year, month, day, hour, tzinfo=UTC), months=months)
    assert (back.year, back.month, back.day, back.hour) == then
