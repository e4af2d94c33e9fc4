"""The number for the telephone: short, the same on both sides, and it finds what was said or heard wrongly."""

import pytest

from shared.kernel.errors import InputRejected
from shared.referral.number import ALPHABET, LENGTH, check_character, number_of, read_number, spoken

ONE = "01938e5c-8a00-7000-8000-000000000001"
NUMBER = number_of(ONE)


def test_a_number_is_the_same_for_ever() -> None:
    assert NUMBER == "5TK55R7M0"


def test_a_number_is_nine_characters_that_read_back() -> None:
    assert len(NUMBER) == LENGTH
    assert set(NUMBER) <= set(ALPHABET)
    assert read_number(NUMBER) == NUMBER


def test_a_number_is_read_aloud_in_three_groups() -> None:
    assert spoken("K7M4RX2TP") == "K7M-4RX-2TP"


@pytest.mark.parametrize("never", "OILZSBQDNGCEJFUWY")
def test_characters_that_look_or_sound_alike_are_in_no_number(never: str) -> None:
    assert never not in ALPHABET


def test_case_blanks_and_hyphens_do_not_matter() -> None:
    said = f"  {NUMBER[:3].lower()} - {NUMBER[3:6]}\u2013{NUMBER[6:].lower()}. "
    assert read_number(said) == NUMBER


@pytest.mark.parametrize(("written", "meant"), ["O0", "o0", "q0", "i1", "I1", "l1", "L1", "z2", "s5", "b8"])
def test_look_alikes_are_taken_for_what_was_meant(written: str, meant: str) -> None:
    body = meant * (LENGTH - 1)
    assert read_number(written * (LENGTH - 1) + check_character(body)) == body + check_character(body)


def test_every_single_wrong_character_is_found() -> None:
    for place in range(LENGTH):
        for wrong in set(ALPHABET) - {NUMBER[place]}:
            assert_slip(NUMBER[:place] + wrong + NUMBER[place + 1 :])


def test_every_exchange_of_two_characters_is_found_wherever_they_stand() -> None:
    seen = 0
    for number, left in ((_with(left, a, b), left) for left in range(LENGTH - 2) for a in ALPHABET for b in ALPHABET):
        for right in range(left + 1, LENGTH):
            if number[left] != number[right]:
                assert_slip(_exchanged(number, left, right))
                seen += 1
    assert seen > 10_000


def test_every_pair_that_was_doubled_wrongly_is_found() -> None:
    for place in range(LENGTH - 2):
        for twin in ALPHABET:
            number = _with(place, twin, twin)
            for other in set(ALPHABET) - {twin}:
                assert_slip(number[:place] + other * 2 + number[place + 2 :])


@pytest.mark.parametrize("text", ["", "-", "K7M", NUMBER + "2", "K7M 4RX 2T\u0663", "A" * 1000])
def test_what_is_no_number_is_told_so(text: str) -> None:
    with pytest.raises(InputRejected, match=r"number\.form") as refused:
        read_number(text)
    assert text in {"", "-"} or text not in refused.value.message


def test_a_character_that_is_in_no_number_is_a_slip() -> None:
    assert_slip("K7M-4RX-2TD")


def assert_slip(text: str) -> None:
    with pytest.raises(InputRejected, match=r"number\.slip"):
        read_number(text)


def _with(place: int, first: str, second: str) -> str:
    """A number that has these two characters beside each other."""
    body = NUMBER[:place] + first + second + NUMBER[place + 2 : -1]
    return body + check_character(body)


def _exchanged(number: str, left: int, right: int) -> str:
    heard = list(number)
    heard[left], heard[right] = heard[right], heard[left]
    return "".join(heard)
