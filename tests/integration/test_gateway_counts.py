"""What is counted of a quarter, in a small world whose numbers were worked out by hand, on both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.adapters import courses
from gateway.adapters.core import Core, open_records
from gateway.adapters.counted_tables import EVENT_MARKS, RELEASES
from gateway.adapters.releases import HELD_FOR, Releases
from gateway.domain.period import read_period
from gateway.domain.release import Release, as_document, release_of
from shared.kernel.clock import ManualClock, to_wire
from shared.sop.indicators import Dimension, load_indicators
from shared.sop.model import Urgency
from tests.support.clocked import hanoi
from tests.support.counted_world import DANGER, STATUTE, ConsentBasis, CountedWorld
from tests.support.mesh import HEALTH, LEGAL, SHELTER_HOUSE, SOCIAL, keys_of

pytestmark = pytest.mark.slow

RULES = load_indicators()
QUARTER = read_period("2026-Q3")
assert QUARTER is not None
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JULY, AUGUST = hanoi("2026-07-06 09:00"), hanoi("2026-08-10 09:00")  # two Mondays


def a_small_world(url: str) -> None:
    """Ten referrals, of which seven are counted."""
    world = CountedWorld(url, keys_of("gateway"), hanoi("2026-06-29 09:00"))
    counted = ConsentBasis(world.consent(hanoi("2026-07-01 08:00"), withheld="incident"))
    uncounted = ConsentBasis(world.consent(hanoi("2026-07-01 08:00"), statistics=False))
    taken_back = ConsentBasis(world.consent(hanoi("2026-07-01 08:00"), taken_back=True))
    # Before the quarter, though counted otherwise.
    world.refer(hanoi("2026-06-30 23:00"), "HEA-05", HEALTH, counted)
    # 1: all in time, completed within 30 days, she was told and it helped; her wish was met.
    one = world.refer(JULY, "HEA-05", HEALTH, counted, staff_gender="female", incident_at="2026-07-01T01:00:00.000Z")
    world.event(JULY + HOUR, one, "acknowledged")
    world.event(JULY + 2 * HOUR, one, "accepted", staff_gender="female")
    world.event(JULY + 5 * HOUR, one, "started")
    world.event(JULY + 10 * DAY, one, "completed", outcome="care_plan")
    world.event(JULY + 11 * DAY, one, "closed", survivor_told=True, helped="yes")
    # 2: acknowledged too late (4 hours), accepted and begun in time; a compartment more than required; goes on.
    two = world.refer(JULY, "HEA-05", HEALTH, counted, extra=["safety"], staff_gender="female")
    world.event(JULY + 5 * HOUR, two, "acknowledged")
    world.event(JULY + 6 * HOUR, two, "accepted", staff_gender="male", staff_gender_answer="waived")
    world.event(JULY + 8 * HOUR, two, "started")
    # 3: declined for want of a place, and taken elsewhere within a day (4), in the same chain.
    three = world.refer(AUGUST, "SOC-01", SOCIAL, counted, urgency=Urgency.URGENT, subject="her")
    world.event(AUGUST + timedelta(minutes=10), three, "acknowledged")
    world.event(AUGUST + timedelta(minutes=20), three, "declined", reason="no_police_report", refused=True)
    world.event(AUGUST + timedelta(minutes=30), three, "declined", reason="D01", alternative=SHELTER_HOUSE)
    four = world.refer(
        AUGUST + HOUR, "SOC-01", SHELTER_HOUSE, counted, urgency=Urgency.URGENT, subject="her",
        chain_id=three, replaces=three,
    )  # fmt: skip
    world.event(AUGUST + HOUR + timedelta(minutes=5), four, "acknowledged")
    world.event(AUGUST + HOUR + timedelta(minutes=6), four, "accepted")
    for after in (1, 2, 3):
        world.event(AUGUST + HOUR + after * DAY, four, "contact_attempted")
    # 5: nobody answered.
    five = world.refer(AUGUST, "LEG-01", LEGAL, STATUTE)
    world.tick(AUGUST + 20 * DAY, five)
    # 6: she withdrew before anything was due; 7: not yet a duty when the quarter was counted is not in this world.
    six = world.refer(AUGUST, "LEG-01", LEGAL, STATUTE)
    world.event(AUGUST + HOUR, six, "cancelled")
    seven = world.refer(AUGUST + DAY, "LEG-01", LEGAL, STATUTE, urgency=Urgency.URGENT)
    world.event(AUGUST + DAY + HOUR, seven, "acknowledged")
    world.event(AUGUST + DAY + 2 * HOUR, seven, "declined", reason="D05")
    # Not counted: no consent to statistics, one taken back, danger to life, entered in error; after the quarter.
    for basis in (uncounted, taken_back, DANGER):
        world.refer(JULY, "HEA-05", HEALTH, basis)
    wrong = world.refer(JULY, "HEA-05", HEALTH, counted)
    world.event(JULY + HOUR, wrong, "entered_in_error")
    world.refer(hanoi("2026-10-01 00:30"), "HEA-05", HEALTH, counted)
    world.happen()


@pytest.fixture
def core(database_url: str) -> Iterator[Core]:
    a_small_world(database_url)
    core = open_records(database_url, keys=keys_of("gateway"), clock=ManualClock(hanoi("2026-11-02 08:00")))
    yield core
    core.close()


def releases(core: Core) -> Releases:
    return Releases(core.engine, writer=core.writer, sop=core.sop, rules=RULES, clock=core.clock)


def wholes(release: Release) -> dict[str, tuple[int, int]]:
    return {name: (one.cases, one.met) for (name, by, _), one in release.tallies.items() if not by}


def along(release: Release, indicator: str, by: Dimension) -> dict[str, tuple[int, int]]:
    return {
        key: (one.cases, one.met)
        for (name, dimension, key), one in release.tallies.items()
        if (name, dimension) == (indicator, by.value)
    }


async def test_every_indicator_counts_what_its_formula_says(core: Core) -> None:
    assert QUARTER is not None
    release = await releases(core).of(QUARTER)
    assert release is not None
    found = wholes(release)
    assert found["referrals"][0] == 7
    assert found["I01"] == (6, 3), "1, 3, 4 in time; 2, 5 and 7 late; 6 was cancelled before it was due"
    assert found["I02"] == (6, 4), "1, 2, 3 and 4; 5 and 7 late"
    assert found["I03"] == (3, 2), "of 1, 2, 4"
    assert found["I05"] == (7, 1)
    assert found["I06"][1] == 1
    assert found["I07"] == (4, 1), "1; not told: 3, 5, 7"
    assert found["I08"] == (7, 2)
    assert found["I09"] == (3, 1)
    assert found["I10"] == (3, 1), "3; not 5, 7"
    assert found["I11"] == (7, 1)
    assert found["I13"] == (2, 1), "the one taken back was a consent too"
    assert found["I16"] == (7, 1)
    assert found["I24"] == (2, 1)
    assert found["I30"] == (2, 1)
    assert found["I31"] == (3, 1)
    assert found["I35"] == (1, 1)
    assert found["I37.closed"] == (6, 4), "open: 2, and 3 with 4"
    assert (release.whole("I33").cases, release.whole("I33").total) == (6, 7)


async def test_parts_are_what_they_are_called(core: Core) -> None:
    assert QUARTER is not None
    release = await releases(core).of(QUARTER)
    assert release is not None
    assert along(release, "referrals", Dimension.MONTH) == {"2026-07": (2, 0), "2026-08": (5, 0)}
    assert along(release, "referrals", Dimension.SERVICE) == {"HEA-05": (2, 0), "SOC-01": (2, 0), "LEG-01": (3, 0)}
    assert along(release, "I01", Dimension.URGENCY) == {"prompt": (3, 1), "urgent": (3, 2)}
    assert along(release, "I01", Dimension.PROVINCE) == {"38": (6, 3)}
    assert along(release, "I01", Dimension.AGENCY) == {
        HEALTH: (2, 1), SOCIAL: (1, 1), SHELTER_HOUSE: (1, 1), LEGAL: (2, 0)
    }  # fmt: skip
    assert along(release, "I08.reason", Dimension.REASON) == {"D01": (1, 0), "D05": (1, 0)}
    assert along(release, "I34", Dimension.DELAY) == {"d4_5": (1, 0)}
    assert dict(release.whole("I04").spread) == {5.0: 1, 8.0: 1}
    assert release.whole("referrals").agencies == {HEALTH, SOCIAL, SHELTER_HOUSE, LEGAL}


async def test_a_quarter_is_counted_once_and_what_events_said_is_forgotten(core: Core) -> None:
    assert QUARTER is not None
    first = await releases(core).of(QUARTER)
    assert first is not None
    with core.engine.connect() as connection:
        assert connection.execute(RELEASES.select()).all()
        assert connection.execute(EVENT_MARKS.select()).all() == []
    await core.writer.submit(lambda desk: void(desk.record("event", HEALTH, code="declined")))
    again = await releases(core).of(QUARTER)
    assert again is not None
    assert as_document(again) == as_document(first)
    assert release_of(again.period, again.counted_at, as_document(again)) == again


async def test_counting_portion_by_portion_comes_to_the_same(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    assert QUARTER is not None
    whole = releases(core).count(QUARTER, core.clock.now())
    monkeypatch.setattr(courses, "PORTION", 16)
    monkeypatch.setattr("gateway.adapters.releases.REST", 0.0)
    await releases(core).bring_up_to_date()
    in_portions = await releases(core).of(QUARTER)
    assert in_portions is not None
    assert as_document(in_portions) == as_document(whole)


async def test_quarter_is_counted_by_one_process_and_by_another_once_that_says_nothing_more(core: Core) -> None:
    assert QUARTER is not None
    assert isinstance(core.clock, ManualClock)
    under_way = {"period": f"{QUARTER.key}/counting", "counted_at": to_wire(core.clock.now()), "counts": {}}
    await core.writer.submit(lambda desk: void(desk.book.insert(RELEASES, under_way)))
    assert not await releases(core).bring_up_to_date()
    with core.engine.connect() as connection:
        assert connection.execute(EVENT_MARKS.select()).all(), "nothing is forgotten before it is counted"
    core.clock.advance(HELD_FOR)
    assert await releases(core).bring_up_to_date()
    with core.engine.connect() as connection:
        assert [row.period for row in connection.execute(RELEASES.select())] == ["2026-Q2", "2026-Q3"]


async def test_nothing_is_known_of_a_quarter_before_its_release(database_url: str) -> None:
    a_small_world(database_url)
    core = open_records(database_url, keys=keys_of("gateway"), clock=ManualClock(hanoi("2026-10-30 23:59")))
    try:
        assert QUARTER is not None
        assert await releases(core).of(QUARTER) is None
        assert [one.key for one in await releases(core).released()] == ["2026-Q2"]
        running = await releases(core).running()
        assert running is not None
        assert (running.period, running.whole("referrals").cases) == ("2026-Q4", 1)
    finally:
        core.close()


def void(_: object) -> None:
    return None
