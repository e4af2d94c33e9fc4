"""What must hold of every referral number: it reads back, and no usual slip of the tongue goes unseen."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import InputRejected
from shared.referral.number import ALPHABET, LENGTH, number_of, read_number, spoken

NUMBERS = st.uuids().map(str).map(number_of)
PLACES = st.integers(0, LENGTH - 1)


@given(st.uuids().map(str))
def test_both_sides_derive_the_same_number_and_it_reads_back(referral_id: str) -> None:
    assert read_number(spoken(number_of(referral_id)).lower()) == number_of(referral_id)


@given(NUMBERS, PLACES, st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(number: str, place: int, wrong: str) -> None:
    if number[place] != wrong:
        with pytest.raises(InputRejected, match=r"number\.slip"):
            read_number(number[:place] + wrong + number[place + 1 :])


@given(NUMBERS, PLACES, PLACES)
def test_two_exchanged_characters_are_found(number: str, left: int, right: int) -> None:
    if number[left] != number[right]:
        heard = list(number)
        heard[left], heard[right] = heard[right], heard[left]
        with pytest.raises(InputRejected, match=r"number\.slip"):
            read_number("".join(heard))


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_refused_in_words(text: str) -> None:
    with suppress(InputRejected):
        assert set(read_number(text)) <= set(ALPHABET)


@given(st.lists(st.uuids().map(str), min_size=50, max_size=50, unique=True))
def test_numbers_do_not_meet_in_small_heaps(ids: list[str]) -> None:
    assert len({number_of(one) for one in ids}) == len(ids)
