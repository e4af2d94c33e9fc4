"""The age band of a referral is computed from what the content says, and a child is not passed off as an adult."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.agency.ages import band_in, band_of, check_stated
from shared.kernel.errors import InputRejected
from shared.sop.model import AgeBand, Compartment

#: 05:00 UTC is noon in Ha Noi; 20:00 UTC is already the next day there.
NOON, EVENING = datetime(2026, 11, 18, 5, tzinfo=UTC), datetime(2026, 11, 18, 20, tzinfo=UTC)


def identity(**said: Any) -> dict[Compartment, dict[str, Any]]:
    return {Compartment.IDENTITY: said}


BANDS = {0: "under_6", 5: "under_6", 6: "6_11", 11: "6_11", 12: "12_15", 15: "12_15", 16: "16_17", 17: "16_17"}


@pytest.mark.parametrize(("age", "band"), [*BANDS.items(), (18, "adult"), (90, "adult")])
def test_bands_begin_where_the_procedure_says(age: int, band: str) -> None:
    assert band_of(age) == band


@pytest.mark.parametrize(
    ("said", "at", "band"),
    [
        ({"date_of_birth": "2008-11-18"}, NOON, "adult"),
        ({"date_of_birth": "2008-11-19"}, NOON, "16_17"),
        ({"date_of_birth": "2008-11-19"}, EVENING, "adult"),  # her birthday has begun in Ha Noi
        ({"date_of_birth": "2027-01-01"}, NOON, "under_6"),
        ({"year_of_birth": 2008}, NOON, "16_17"),  # perhaps not yet eighteen: the younger one counts
        ({"year_of_birth": 2007}, NOON, "adult"),
        ({"age": 15, "year_of_birth": 2007}, NOON, "12_15"),
        ({"name": "Lò Thị Mơ", "date_of_birth": "2015-02-30"}, NOON, None),
        ({}, NOON, None),
    ],
)
def test_the_youngest_age_that_is_possible_counts(said: dict[str, Any], at: datetime, band: str | None) -> None:
    assert band_in(identity(**said), at=at) == band


def test_demographics_tell_it_where_identity_does_not() -> None:
    assert band_in({Compartment.DEMOGRAPHICS: {"age_band": "12_15"}}, at=NOON) is AgeBand.FROM_12
    assert band_in({Compartment.DEMOGRAPHICS: {"age": 40}}, at=NOON) is AgeBand.ADULT
    both = {**identity(date_of_birth="2018-01-01"), Compartment.DEMOGRAPHICS: {"age_band": "adult"}}
    assert band_in(both, at=NOON) is AgeBand.FROM_6


@pytest.mark.parametrize("said", [{"date_of_birth": "2014-05-01"}, {"age": 12}, {"year_of_birth": 2014}])
def test_child_is_not_passed_off_as_an_adult(said: dict[str, Any]) -> None:
    with pytest.raises(InputRejected) as refused:
        check_stated(AgeBand.ADULT, identity(**said), at=NOON)
    assert [fault.pointer for fault in refused.value.faults] == ["/age_band"]


@pytest.mark.parametrize("band", [AgeBand.FROM_16, AgeBand.ADULT])
def test_a_year_of_birth_leaves_room_for_both_sides_of_a_birthday(band: AgeBand) -> None:
    check_stated(band, identity(year_of_birth=2008), at=NOON)


def test_unknown_contradicts_nothing() -> None:
    check_stated(AgeBand.UNKNOWN, identity(date_of_birth="1990-01-01"), at=NOON)
