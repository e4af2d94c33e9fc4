"""Beds: which may be promised to whom, and which outcomes the record contradicts."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.social.messages.beds import AdmissionRequest, DepartureRequest, HoldRequest, ReleaseRequest
from services.social.messages.places import PlaceRequest
from services.social.rules.beds import (
    BedKind,
    BedState,
    BookingState,
    Kin,
    PlaceKind,
    choose,
    contradicts,
    held_too_long,
    is_free,
    kin_allow,
)

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
KINDS = st.sampled_from(BedKind)


@given(kinds=st.lists(KINDS, max_size=12), wanted=st.dictionaries(KINDS, st.integers(0, 6)))
def test_exactly_the_beds_that_are_wanted_are_chosen_or_none(kinds: list[BedKind], wanted: dict[BedKind, int]) -> None:
    free = [(f"bed-{number}", kind) for number, kind in enumerate(kinds)]
    chosen = choose(free, wanted)
    enough = all(Counter(kinds)[kind] >= number for kind, number in wanted.items())
    assert (chosen is not None) == enough
    if chosen is not None:
        kind_of = dict(free)
        assert Counter(kind_of[bed] for bed in chosen) == Counter({k: n for k, n in wanted.items() if n})
        assert len(set(chosen)) == len(chosen)


def test_an_accessible_bed_stands_for_no_other() -> None:
    assert choose([("bed-1", BedKind.ACCESSIBLE)], {BedKind.WOMAN: 1}) is None


@pytest.mark.parametrize(("until", "free"), [(NOW, True), (NOW + timedelta(milliseconds=1), False)])
def test_a_held_bed_is_free_the_moment_its_time_is_over(until: datetime, free: bool) -> None:
    assert is_free(BedState.HELD, until, at=NOW) is free


def test_a_bed_somebody_lives_in_is_never_free() -> None:
    assert not is_free(BedState.TAKEN, None, at=NOW)


@pytest.mark.parametrize(("minutes", "refused"), [(60, False), (61, True)])
def test_a_bed_is_held_for_sixty_minutes_at_most(minutes: int, refused: bool) -> None:
    assert held_too_long(minutes, start=NOW, longest=NOW + timedelta(minutes=60)) is refused


@pytest.mark.parametrize("kin", [Kin.NEAR, Kin.NOT_KNOWN, None])
def test_a_trusted_address_is_chosen_only_where_she_says_that_none_of_his_kin_are_near(kin: Kin | None) -> None:
    assert not kin_allow(PlaceKind.TRUSTED_ADDRESS, kin)
    assert kin_allow(PlaceKind.SHELTER, kin)
    assert kin_allow(PlaceKind.TRUSTED_ADDRESS, Kin.NONE_NEAR)


@pytest.mark.parametrize(
    ("outcome", "states", "refusal"),
    [
        ("admitted", [BookingState.HELD], "social.not-admitted"),
        ("admitted", [BookingState.LET_GO, BookingState.LEFT], None),
        ("admitted", [], None),
        ("bed_elsewhere", [BookingState.ADMITTED], "social.still-admitted"),
        ("bed_elsewhere", [BookingState.ADMITTED, BookingState.LEFT], "social.still-admitted"),
        ("bed_elsewhere", [BookingState.LEFT], None),
        ("hosted", [BookingState.LET_GO], "social.not-admitted"),
    ],
)
def test_an_outcome_agrees_with_the_recorded_admission(
    outcome: str, states: list[BookingState], refusal: str | None
) -> None:
    assert contradicts(outcome, states) == refusal


@pytest.mark.rule("R-08")
@pytest.mark.parametrize("request_model", [AdmissionRequest, DepartureRequest, HoldRequest, ReleaseRequest])
def test_nothing_about_a_bed_asks_for_police_or_papers(request_model: type[AdmissionRequest]) -> None:
    asked = " ".join(request_model.model_fields)
    assert not any(word in asked for word in ("police", "report", "letter", "paper", "residence", "identity", "fee"))


@pytest.mark.rule("R-18")
@pytest.mark.parametrize("code", ["12 Hang Bac", "hang-bac-12", "TL0001", "TL1\n", "ABCD1"])
def test_no_address_fits_into_the_name_of_a_place(code: str) -> None:
    where = {"address": "-"}
    beds = {"woman": 1, "child": 0, "accessible": 0}
    with pytest.raises(ValueError, match="code"):
        PlaceRequest.model_validate(
            {"actor": "s-1", "code": code, "kind": "shelter", "whereabouts": where, "staff": ["s-1"], "beds": beds}
        )
