"""Ranking: what keeps an agency out, what moves it up or down, and what it says of why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.agency import Agency, AgencyStatus, Availability
from gateway.domain.match_reasons import MATCH_REASONS
from gateway.domain.matching import Candidate, Match, Place, Wanted, rank
from shared.kernel.clock import to_wire
from shared.referral.blocked import blocked_hash

NOON = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)  # a Wednesday, noon in Ha Noi
COMMUNE = Place("14758", "38", frozenset({"37", "40"}))
CHAIN = "01935f00-0000-7000-8000-0000000000aa"


def agency(id: str = "shelter", **facts: Any) -> Agency:
    given: dict[str, Any] = {
        "id": id,
        "name_vi": "Nhà tạm lánh",
        "name_en": "Shelter",
        "sectors": frozenset({"social"}),
        "areas": frozenset({"38"}),
        "services": frozenset({"SOC-01"}),
        "hours": None,
        "base_url": None,
        "jwks": {},
        "status": AgencyStatus.ACTIVE,
        "revision": 1,
    }
    return Agency(**{**given, **facts})


def stated(*, age: timedelta = timedelta(), **facts: Any) -> Availability:
    given: dict[str, Any] = {
        "agency_id": "shelter",
        "service_type": "SOC-01",
        "accepting": True,
        "capacity": None,
        "staff_genders": frozenset(),
        "updated_at": to_wire(NOON - age),
    }
    return Availability(**{**given, **facts})


def wanted(**facts: Any) -> Wanted:
    given: dict[str, Any] = {"asker": "hospital", "service_type": "SOC-01", "place": COMMUNE, "at": NOON, "now": NOON}
    return Wanted(**{**given, **facts})


def only(candidate: Candidate, asked: Wanted) -> Match:
    (match,) = rank([candidate], asked)
    return match


def codes(candidate: Candidate, asked: Wanted) -> list[str]:
    return [reason.code for reason in only(candidate, asked).reasons]


@pytest.mark.parametrize(
    ("areas", "place", "area", "code"),
    [
        ({"14758"}, COMMUNE, "14758", "area.commune"),
        ({"38"}, COMMUNE, "14758", "area.province"),
        ({"38"}, Place("38", "38"), "38", "area.province"),
        ({"40", "37"}, COMMUNE, "37", "area.neighbour"),
        ({"01"}, Place("14758", None), "14758", "area.unsure"),
        ({"14758"}, Place("14758", None), "14758", "area.commune"),
    ],
)
def test_nearness_is_named_with_the_area_a_referral_would_name(
    areas: set[str], place: Place, area: str, code: str
) -> None:
    match = only(Candidate(agency(areas=frozenset(areas)), None), wanted(place=place))
    assert (match.area, match.reasons[0].code) == (area, code)


@pytest.mark.parametrize(
    ("areas", "place"),
    [
        ({"15043"}, COMMUNE),  # another commune of the province
        ({"01"}, COMMUNE),  # a province that is no neighbour
        ({"16738"}, COMMUNE),  # one commune of a neighbouring province
        ({"14758"}, Place("38", "38")),  # one commune, when the whole province is asked for
        ({"15043"}, Place("14758", None)),
        ({"40"}, Place("14758", "38")),  # neighbours not wanted
    ],
)
def test_who_does_not_serve_near_enough_is_out(areas: set[str], place: Place) -> None:
    assert rank([Candidate(agency(areas=frozenset(areas)), None)], wanted(place=place)) == []


@pytest.mark.parametrize(
    ("candidate", "asked"),
    [
        pytest.param(Candidate(agency(status=AgencyStatus.DISABLED), None), wanted(), id="disabled"),
        pytest.param(Candidate(agency(services=frozenset({"SOC-02"})), None), wanted(), id="another service"),
        pytest.param(Candidate(agency("hospital"), None), wanted(), id="the asker itself"),
        pytest.param(Candidate(agency(), None), wanted(exclude=frozenset({"shelter"})), id="excluded"),
        pytest.param(Candidate(agency(), stated(accepting=False)), wanted(), id="takes nobody"),
        pytest.param(Candidate(agency(), stated(capacity=0)), wanted(), id="full"),
        pytest.param(Candidate(agency(), stated(capacity=2), held=2), wanted(), id="all held"),
        pytest.param(Candidate(agency(), stated(capacity=1), held=2), wanted(), id="more held than stated anew"),
        pytest.param(
            Candidate(agency(), stated(disability_access=False)), wanted(disability_access=True), id="no access"
        ),
        pytest.param(Candidate(agency(), stated(children_welcome=False)), wanted(children=True), id="no children"),
        pytest.param(Candidate(agency(), None), wanted(open_only=True), id="hours not stated, only open ones wanted"),
        pytest.param(Candidate(agency(hours="Sa 08:00-12:00"), None), wanted(open_only=True), id="closed"),
        pytest.param(
            Candidate(agency(), None),
            wanted(chain_id=CHAIN, blocked=frozenset({blocked_hash(CHAIN, "shelter")})),
            id="blocked, as the perpetrator's agency is",
        ),
    ],
)
def test_who_cannot_or_must_not_take_her_is_out(candidate: Candidate, asked: Wanted) -> None:
    assert rank([candidate], asked) == []


def test_hash_of_another_case_blocks_nobody() -> None:
    other = "01935f00-0000-7000-8000-0000000000bb"
    asked = wanted(chain_id=CHAIN, blocked=frozenset({blocked_hash(other, "shelter")}))
    assert only(Candidate(agency(), None), asked).agency.id == "shelter"


@pytest.mark.parametrize(
    ("facts", "asked", "code"),
    [
        ({}, {}, "availability.fresh"),
        ({"age": timedelta(hours=24)}, {}, "availability.fresh"),
        ({"age": timedelta(hours=25)}, {}, "availability.stale"),
        ({"age": timedelta(days=8)}, {}, "availability.outdated"),
        ({"capacity": 1}, {}, "capacity.room"),
        ({"staff_genders": frozenset({"female"})}, {"staff_gender": "female"}, "staff-gender.met"),
        ({"staff_genders": frozenset({"male"})}, {"staff_gender": "female"}, "staff-gender.unmet"),
        ({}, {"staff_gender": "female"}, "staff-gender.unstated"),
        ({"languages": frozenset({"vi"})}, {}, "language.met"),
        ({"languages": frozenset({"vi-VN"})}, {}, "language.met"),
        ({"languages": frozenset({"hmn"})}, {"language": "hmn-Latn"}, "language.met"),
        ({"languages": frozenset({"vi"})}, {"language": "vie"}, "language.unmet"),
        ({"languages": frozenset({"vi"})}, {"language": "hmn"}, "language.unmet"),
        ({"interpreter_languages": frozenset({"hmn"})}, {"language": "hmn"}, "language.interpreter"),
        ({}, {"language": "hmn"}, "language.unstated"),
        ({"interpreter_languages": frozenset({"hmn"})}, {"language": "hmn", "interpreter": True}, "interpreter.met"),
        ({"languages": frozenset({"hmn"})}, {"language": "hmn", "interpreter": True}, "interpreter.unmet"),
        ({"disability_access": True}, {"disability_access": True}, "disability-access.met"),
        ({}, {"disability_access": True}, "disability-access.unstated"),
        ({"children_welcome": True}, {"children": True}, "children.met"),
        ({}, {"children": True}, "children.unstated"),
    ],
)
def test_what_an_agency_states_is_said_against_what_she_wants(
    facts: dict[str, Any], asked: dict[str, Any], code: str
) -> None:
    assert code in codes(Candidate(agency(), stated(**facts)), wanted(**asked))


def test_vietnamese_needs_no_word_where_no_language_is_stated() -> None:
    assert not any(code.startswith("language") for code in codes(Candidate(agency(), stated()), wanted()))


@pytest.mark.parametrize(
    ("hours", "code", "opens_at"),
    [
        (None, "hours.unstated", None),
        ("free text of an old entry", "hours.unstated", None),
        ("24/7", "hours.open", None),
        ("Mo-Fr 13:30-17:00", "hours.closed", "2026-11-18T13:30:00+07:00"),
    ],
)
def test_hours_are_judged_at_the_time_she_would_come(hours: str | None, code: str, opens_at: str | None) -> None:
    match = only(Candidate(agency(hours=hours), None), wanted())
    assert code in [reason.code for reason in match.reasons]
    assert (match.opens_at.isoformat() if match.opens_at else None) == opens_at


@pytest.mark.parametrize(
    ("better", "worse", "asked"),
    [
        (Candidate(agency(areas=frozenset({"14758"})), None), Candidate(agency("b"), None), {}),
        (Candidate(agency(), None), Candidate(agency("b", areas=frozenset({"40"})), None), {}),
        (Candidate(agency(), stated()), Candidate(agency("b"), stated(age=timedelta(days=2))), {}),
        (Candidate(agency(), stated(age=timedelta(days=2))), Candidate(agency("b"), stated(age=timedelta(9))), {}),
        (Candidate(agency(), stated(age=timedelta(days=9))), Candidate(agency("b"), None), {}),
        (Candidate(agency(hours="24/7"), None), Candidate(agency("b"), None), {}),
        (Candidate(agency(), None), Candidate(agency("b", hours="Sa 08:00-12:00"), None), {}),
        (
            Candidate(agency(), stated(staff_genders=frozenset({"female"}))),
            Candidate(agency("b"), stated(staff_genders=frozenset({"male"}))),
            {"staff_gender": "female"},
        ),
    ],
)
def test_better_fit_comes_first(better: Candidate, worse: Candidate, asked: dict[str, Any]) -> None:
    ranked = rank([worse, better], wanted(**asked))
    assert [match.agency.id for match in ranked] == [better.agency.id, worse.agency.id]
    assert ranked[0].score > ranked[1].score


def test_equal_ones_come_in_the_order_of_their_ids_whatever_order_they_are_read_in() -> None:
    candidates = [Candidate(agency(id), None) for id in ("c-house", "a-house", "b-house")]
    assert [match.agency.id for match in rank(candidates, wanted())] == ["a-house", "b-house", "c-house"]


@given(
    capacity=st.one_of(st.none(), st.integers(1, 500)),
    held=st.integers(0, 500),
    communes=st.sets(st.sampled_from(["14758", "15043", "14767"])),
    asked_in=st.sampled_from(["14758", "15043", "14767", "38"]),
    name=st.text(min_size=1, max_size=20),
)
def test_match_of_a_protected_site_is_the_same_whatever_is_secret_of_it(
    capacity: int | None, held: int, communes: set[str], asked_in: str, name: str
) -> None:
    def shown(candidate: Candidate, area: str) -> tuple[Any, ...]:
        match = only(candidate, wanted(place=Place(area, "38", COMMUNE.neighbours)))
        return (match.reasons, match.score, match.room, match.stated_at, match.is_open, match.opens_at)

    plain = Candidate(agency(protected=True), stated(capacity=1))
    secret = Candidate(
        agency(protected=True, name_en=name, areas=frozenset({"38", *communes})), stated(capacity=capacity), held=held
    )
    assert shown(secret, asked_in) == shown(plain, "14767")


def test_communes_of_a_protected_site_are_not_asked_about() -> None:
    site = Candidate(agency(protected=True, areas=frozenset({"14758"})), None)
    assert rank([site], wanted()) == []
    assert rank([site], wanted(place=Place("14758", None))) == []


def test_every_reason_has_words_in_both_languages() -> None:
    assert all(
        reason.says.vi and reason.says.en and reason.says.vi != reason.says.en for reason in MATCH_REASONS.values()
    )
