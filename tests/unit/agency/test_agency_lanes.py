"""What belongs together keeps its order, whatever is answered, repeated or delayed in between."""

from hypothesis import given
from hypothesis import strategies as st

from shared.agency.outbound.lanes import Lanes

MOST = 100
SIZE = 1_000


def lanes_with(*letters: tuple[str, str, tuple[str, ...]]) -> Lanes:
    lanes = Lanes()
    for message_id, lane, waits_on in letters:
        lanes.add(message_id, lane=lane, waits_on=waits_on, size=1)
    return lanes


def take(lanes: Lanes, *, now: float = 0.0, most: int = MOST, size_most: int = SIZE) -> list[str]:
    return list(lanes.take(now=now, most=most, size_most=size_most))


def test_letters_of_different_lanes_travel_together() -> None:
    assert take(lanes_with(("a", "1", ()), ("b", "2", ()), ("c", "3", ()))) == ["a", "b", "c"]


def test_a_lane_goes_one_letter_after_another() -> None:
    lanes = lanes_with(("a", "1", ()), ("b", "1", ()), ("c", "2", ()))
    assert take(lanes) == ["a", "c"]
    assert take(lanes) == []
    lanes.settle("a")
    assert take(lanes) == ["b"]


def test_a_referral_waits_for_its_consent_and_others_do_not_wait_for_it() -> None:
    lanes = lanes_with(("consent", "c1", ()), ("one", "r1", ("c1",)), ("two", "r2", ("c1",)), ("other", "r3", ("c2",)))
    assert take(lanes) == ["consent", "other"]
    lanes.settle("consent")
    assert take(lanes) == ["one", "two"]


def test_a_letter_does_not_wait_for_later_letters_of_a_lane() -> None:
    lanes = lanes_with(("referral", "r1", ("c1",)), ("revocation", "c1", ()))
    assert take(lanes) == ["referral", "revocation"]


def test_a_delayed_letter_holds_its_own_lane_only() -> None:
    lanes = lanes_with(("a", "1", ()), ("b", "1", ()), ("c", "2", ()))
    take(lanes)
    lanes.put_back("a", not_before=5.0, alone=False)
    lanes.settle("c")
    assert take(lanes, now=4.9) == []
    assert lanes.next_at(4.9) == 5.0
    assert take(lanes, now=5.0) == ["a"]


def test_a_letter_that_spoilt_a_batch_goes_alone() -> None:
    lanes = lanes_with(("a", "1", ()), ("b", "2", ()), ("c", "3", ()))
    take(lanes)
    for message_id in ("a", "b", "c"):
        lanes.put_back(message_id, not_before=0.0, alone=True)
    assert [take(lanes), take(lanes), take(lanes)] == [["a"], ["b"], ["c"]]


def test_a_batch_stays_under_its_size_and_number() -> None:
    lanes = Lanes()
    for number in range(10):
        lanes.add(str(number), lane=str(number), waits_on=(), size=400)
    assert take(lanes) == ["0", "1"]
    assert take(lanes, most=3, size_most=100_000) == ["2", "3", "4"]


def test_one_letter_larger_than_a_batch_still_goes() -> None:
    lanes = Lanes()
    lanes.add("large", lane="1", waits_on=(), size=SIZE * 2)
    lanes.add("small", lane="2", waits_on=(), size=1)
    assert take(lanes) == ["large"]
    assert take(lanes) == ["small"]


def test_entering_a_letter_twice_sends_it_once() -> None:
    lanes = lanes_with(("a", "1", ()), ("a", "1", ()))
    assert take(lanes) == ["a"]
    assert len(lanes) == 1


ACTS = st.lists(st.tuples(st.sampled_from(["take", "settle", "fail"]), st.integers(0, 5)), max_size=60)
LETTERS = st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 3), max_size=2)), max_size=12)


@given(letters=LETTERS, acts=ACTS)
def test_no_letter_ever_overtakes_one_it_must_follow(
    letters: list[tuple[int, set[int]]], acts: list[tuple[str, int]]
) -> None:
    lanes = Lanes()
    for position, (lane, waits_on) in enumerate(letters):
        lanes.add(str(position), lane=str(lane), waits_on=map(str, waits_on), size=1)
    under_way: list[int] = []
    settled: set[int] = set()
    for act, choice in acts:
        if act == "take":
            for message_id in take(lanes, most=3):
                position = int(message_id)
                lane, waits_on = letters[position]
                before = [n for n in range(position) if letters[n][0] in waits_on | {lane}]
                assert settled.issuperset(before)
                under_way.append(position)
        elif under_way:
            position = under_way.pop(choice % len(under_way))
            if act == "settle":
                lanes.settle(str(position))
                settled.add(position)
            else:
                lanes.put_back(str(position), not_before=0.0, alone=bool(choice % 2))
    assert len(lanes) == len(letters) - len(settled)
