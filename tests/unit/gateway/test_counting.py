"""No count of a few people is published, nor one from which it follows (R-23, INV-12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.counting import Cell, Least, published

K = 11
LEAST = Least(smallest=K, agencies=3, rounded_to=5)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    count = draw(st.integers(0, 40))
    return Cell("vital_interest", "health", count, draw(st.integers(0, count)), draw(st.integers(0, 5)))


def shown(count: int, part: int, *, agencies: int = 3, final: bool = True) -> tuple[int | None, int | None]:
    (cell,) = published([Cell("vital_interest", "health", count, part, agencies)], least=LEAST, final=final)
    return cell.count, cell.reviewed_in_time


def test_ten_are_not_published_and_eleven_are() -> None:
    assert shown(10, 0) == (None, None)
    assert shown(11, 0) == (15, None)


def test_what_is_shown_is_rounded_and_never_below_what_may_be_shown() -> None:
    assert [shown(count, 0)[0] for count in (11, 12, 17, 18, 22, 23)] == [15, 15, 15, 20, 20, 25]


def test_two_agencies_are_not_enough_behind_a_count() -> None:
    assert shown(100, 50, agencies=2) == (None, None)
    assert shown(100, 50, agencies=3) == (100, 50)


def test_nobody_is_as_invisible_as_a_few() -> None:
    assert shown(0, 0) == shown(3, 2) == (None, None)


def test_a_part_is_published_only_when_the_rest_is_large_enough_too() -> None:
    assert shown(30, 15) == (30, 15)
    assert shown(30, 20) == shown(30, 30) == (30, None)
    assert shown(22, 11) == (20, None)


def test_a_month_that_may_still_change_is_not_published() -> None:
    assert shown(1000, 500, final=False) == (None, None)


@pytest.mark.rule("R-23")
@given(st.lists(cells(), max_size=8), st.booleans())
def test_nothing_small_is_published_nor_can_be_computed(found: list[Cell], final: bool) -> None:
    for true, cell in zip(found, published(found, least=LEAST, final=final), strict=True):
        assert cell.count is None or (true.agencies >= 3 and true.count is not None and true.count >= K)
        numbers = [number for number in (cell.count, cell.reviewed_in_time) if number is not None]
        assert all(number >= K and number % LEAST.rounded_to == 0 for number in numbers)
        if len(numbers) == 2:
            assert numbers[0] - numbers[1] >= K
        assert cell.reviewed_in_time is None or cell.count is not None
