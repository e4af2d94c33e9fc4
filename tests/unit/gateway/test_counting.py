"""No count of a few people is published, nor one from which it follows (R-23, INV-12)."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.counting import Cell, published

K = 11


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    count = draw(st.integers(0, 40))
    return Cell("vital_interest", "health", count, draw(st.integers(0, count)))


def shown(count: int, part: int, *, final: bool = True) -> tuple[int | None, int | None]:
    (cell,) = published([Cell("vital_interest", "health", count, part)], smallest=K, final=final)
    return cell.count, cell.reviewed_in_time


def test_ten_are_not_published_and_eleven_are() -> None:
    assert shown(10, 0) == (None, None)
    assert shown(11, 0) == (11, None)


def test_nobody_is_as_invisible_as_a_few() -> None:
    assert shown(0, 0) == shown(3, 2) == (None, None)


def test_a_part_is_published_only_when_the_rest_is_large_enough_too() -> None:
    assert shown(22, 11) == (22, 11)
    assert shown(22, 12) == shown(22, 22) == (22, None)


def test_a_month_that_may_still_change_is_not_published() -> None:
    assert shown(1000, 500, final=False) == (None, None)


@given(st.lists(cells(), max_size=8), st.booleans())
def test_nothing_small_is_published_nor_can_be_computed(found: list[Cell], final: bool) -> None:
    for cell in published(found, smallest=K, final=final):
        numbers = [number for number in (cell.count, cell.reviewed_in_time) if number is not None]
        assert all(number >= K for number in numbers)
        if len(numbers) == 2:
            assert numbers[0] - numbers[1] >= K
        assert cell.reviewed_in_time is None or cell.count is not None
