"""What of the exact counts of a quarter may stand in a table (R-23)."""

import pytest

from gateway.domain.counting import Least
from gateway.domain.figures import Catalogue, Figures, Row, View, catalogue_of
from gateway.domain.measures import REFERRALS, Finding
from gateway.domain.period import Period, month_of, quarter_of, read_period
from gateway.domain.release import Release
from gateway.domain.suppression import Bound, Part, Share, near_all, share_of
from gateway.web.console.charts import chart_of
from shared.sop.indicators import Dimension, load_indicators
from tests.support.clocked import SOP, hanoi

RULES = load_indicators()
PUBLIC, INTERNAL = Least(11, 3, 5), Least(5, 1, 5)
QUARTER = Period(2026, 7, 3)
MONTHS = QUARTER.months
THREE = ("a", "b", "c")


def catalogue() -> Catalogue:
    return catalogue_of(QUARTER, sop=SOP, agencies=list(THREE))


def counted(findings: dict[str, list[Finding]]) -> Release:
    """A release of findings by month, from three agencies in turn."""
    release = Release(QUARTER.key, "2026-11-01T00:00:00.000Z")
    for month, some in findings.items():
        for at, finding in enumerate(some):
            places = {Dimension.MONTH: month, Dimension.SERVICE: "HEA-05", Dimension.AGENCY: THREE[at % 3]}
            release.add(finding, places, [THREE[at % 3]], rules=RULES)
    return release


def rows(
    release: Release, indicator: str, view: View = View.PUBLIC, by: Dimension | None = Dimension.MONTH
) -> dict[str, Row]:
    figures = Figures(release, catalogue(), view=view, internal=INTERNAL, public=PUBLIC, rules=RULES)
    return {row.key: row for row in figures.of(indicator, by).rows}


def many(indicator: str, met: int, rest: int) -> list[Finding]:
    return [*([Finding(indicator, True)] * met), *([Finding(indicator, False)] * rest)]


@pytest.mark.rule("R-23")
def test_a_small_month_hides_the_last_one_with_it_and_the_quarter_stays() -> None:
    release = counted(
        {MONTHS[0]: many(REFERRALS, 0, 40), MONTHS[1]: many(REFERRALS, 0, 3), MONTHS[2]: many(REFERRALS, 0, 30)}
    )
    found = rows(release, REFERRALS)
    assert {key: row.referrals for key, row in found.items()} == {"": 75, MONTHS[0]: 40}


def test_that_all_of_a_month_were_late_is_not_said() -> None:
    release = counted({MONTHS[0]: many("I01", 0, 40), MONTHS[1]: many("I01", 30, 30), MONTHS[2]: many("I01", 40, 40)})
    found = rows(release, "I01")
    assert found[""].share == Share(40)
    assert found[MONTHS[1]].share == Share(50)
    assert MONTHS[0] not in found
    assert MONTHS[2] not in found, "or the first would follow"


def test_of_a_large_whole_it_is_said_that_nearly_all_were_met_and_of_no_part() -> None:
    release = counted({month: many("I01", 60, 2) for month in MONTHS})
    assert rows(release, "I01")[""].share == Share(90, Bound.AT_LEAST)
    assert rows(release, "I01").keys() == {""}
    assert near_all(Part("", 100, 98, frozenset(THREE)), least=PUBLIC) is None


def test_shares_are_steps_and_the_last_steps_say_no_more_than_that() -> None:
    assert share_of(Part("x", 1000, 11)) == Share(5, Bound.AT_MOST)
    assert share_of(Part("x", 1000, 989)) == Share(95, Bound.AT_LEAST)
    assert [share_of(Part("x", 200, met)).percent for met in (94, 95, 104, 105)] == [45, 50, 50, 55]


def test_a_median_needs_enough_on_either_side_and_a_ninetieth_percentile_ten_times_as_many() -> None:
    def of(count: int) -> tuple[float | None, float | None]:
        release = counted({MONTHS[0]: [Finding("I04", value=at / 4) for at in range(count)]})
        row = rows(release, "I04")[""]
        return row.median, row.p90

    assert of(21) == (None, None)
    assert of(22)[0] == 2.5, "steps of half an hour"
    assert of(109)[1] is None
    assert of(110)[1] == 25.0


def test_an_average_needs_twice_as_many_and_is_told_to_the_half() -> None:
    def of(count: int) -> float | None:
        release = counted({MONTHS[0]: [Finding("I33", value=1 + at % 3) for at in range(count)]})
        return rows(release, "I33", by=None)[""].mean

    assert of(21) is None
    assert of(24) == 2.0


def test_an_agency_is_never_large_enough_for_everybody() -> None:
    release = counted({MONTHS[0]: many("I01", 300, 300)})
    assert rows(release, "I01", by=Dimension.AGENCY).keys() == {""}
    assert rows(release, "I01", View.INTERNAL, Dimension.AGENCY).keys() == {"", *THREE}


def test_a_chart_draws_what_is_shown_and_nothing_else() -> None:
    release = counted({month: many("I01", 30, 30) for month in MONTHS[:2]})
    figures = Figures(release, catalogue(), view=View.INTERNAL, internal=INTERNAL, public=PUBLIC, rules=RULES)
    assert chart_of(figures.of("I01", Dimension.MONTH)) is None, (
        "the third month hides the second: one is no comparison"
    )
    full = counted({month: many("I01", 30, 30) for month in MONTHS})
    drawn = chart_of(Figures(full, catalogue(), view=View.INTERNAL, internal=INTERNAL, public=PUBLIC, rules=RULES).of(
        "I01", Dimension.MONTH))  # fmt: skip
    assert drawn is not None
    assert [point.row.key for point in drawn.points] == MONTHS
    assert len(drawn.steps) == 2


def test_a_month_is_released_with_its_quarter() -> None:
    september = read_period("2026-09")
    assert september is not None
    assert september.quarter == QUARTER
    assert september.released_at(RULES.release) == QUARTER.released_at(RULES.release) == hanoi("2026-10-31 00:00")
    assert QUARTER.before.key == "2026-Q2"
    assert Period(2026, 1, 3).before.key == "2025-Q4"
    assert quarter_of(hanoi("2026-12-31 23:59")).key == "2026-Q4"
    assert month_of(hanoi("2026-10-01 00:00")) == "2026-10"


@pytest.mark.parametrize("key", ["2026", "2026-Q5", "2026-13", "2026-1", "2026-08-01", "1999-01", "2026-q3"])
def test_there_are_no_other_periods(key: str) -> None:
    assert read_period(key) is None


def test_every_indicator_of_the_fact_sheet_is_counted_or_said_to_be_impossible() -> None:
    counted_ids = {one.source for one in RULES.indicators.values()} | {"I15", "I26", "I39"}
    missing = {one.id for one in RULES.not_derivable}
    assert counted_ids | missing == {f"I{number:02}" for number in range(1, 41)}
    assert not counted_ids & missing
