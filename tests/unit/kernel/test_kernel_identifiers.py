"""Identifiers: UUIDv7 in order of making, agency ids as slugs."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.clock import ManualClock, SystemClock
from shared.kernel.identifiers import Uuid7Factory, is_agency_id, is_uuid7

AT = datetime(2026, 11, 21, 8, 15, 30, 123000, tzinfo=UTC)


def test_an_id_is_a_uuid7_that_carries_the_time_of_its_making() -> None:
    made = Uuid7Factory(ManualClock(AT)).new()
    parsed = UUID(made)
    assert is_uuid7(made)
    assert (parsed.version, parsed.variant) == (7, "specified in RFC 4122")
    assert parsed.int >> 80 == int(AT.timestamp() * 1000)


def test_ids_sort_in_the_order_they_were_made_even_when_the_clock_stands_still() -> None:
    ids = Uuid7Factory(ManualClock(AT))
    made = [ids.new() for _ in range(10_000)]  # more than the counter holds in one millisecond
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_keep_their_order_when_the_clock_goes_back() -> None:
    clock = ManualClock(AT)
    ids = Uuid7Factory(clock)
    before = ids.new()
    clock.advance(timedelta(seconds=-30))
    assert ids.new() > before


def test_threads_never_share_an_id() -> None:
    ids, made = Uuid7Factory(SystemClock()), []
    threads = [threading.Thread(target=lambda: made.extend([ids.new() for _ in range(500)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0190b2d4-1f2e-4abc-8def-0123456789ab",  # version 4
        "0190b2d4-1f2e-7abc-cdef-0123456789ab",  # another variant
        "0190B2D4-1F2E-7ABC-8DEF-0123456789AB",
        "0190b2d41f2e7abc8def0123456789ab",
        "0190b2d4-1f2e-7abc-8def-0123456789ab\n",
        "{0190b2d4-1f2e-7abc-8def-0123456789ab}",
    ],
)
def test_other_spellings_and_versions_are_no_uuid7(text: str) -> None:
    assert not is_uuid7(text)


@pytest.mark.parametrize("text", ["police-38", "a12", "9to5", "a" * 63])
def test_slugs_are_agency_ids(text: str) -> None:
    assert is_agency_id(text)


@pytest.mark.parametrize("text", ["", "ab", "-abc", "Police", "a_b_c", "a" * 64, "abc\n", "công-an", "a b c"])
def test_other_text_is_no_agency_id(text: str) -> None:
    assert not is_agency_id(text)


@given(st.text(max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    assert is_agency_id(text) in {True, False}
    assert is_uuid7(text) in {True, False}
