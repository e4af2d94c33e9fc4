"""Trace ids: taken over from a caller, or begun here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry.context import (
    TraceContext,
    continue_trace,
    current_trace_id,
    current_traceparent,
    enter,
    known_trace,
    leave,
    new_trace,
    parse_traceparent,
)

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_trace_of_the_caller_is_continued_in_a_span_of_our_own() -> None:
    here = continue_trace(HEADER)
    assert here.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert here.span_id != "b7ad6b7169203331"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        HEADER + "-more",
        HEADER + "\n",
        " " + HEADER,
    ],
)
def test_malformed_header_starts_a_new_trace(header: str) -> None:
    assert parse_traceparent(header) is None
    assert len(continue_trace(header).trace_id) == 32


def test_header_of_a_later_version_is_understood_by_its_first_parts() -> None:
    found = parse_traceparent("01" + HEADER[2:] + "-later")
    assert found is not None
    assert found.trace_id == "0af7651916cd43dd8448eb211c80319c"


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text: str) -> None:
    parsed = parse_traceparent(text)
    assert parsed is None or parse_traceparent(parsed.traceparent()) == parsed


@given(st.booleans())
def test_written_header_is_read_back_equal(sampled: bool) -> None:
    made = new_trace()
    here = TraceContext(made.trace_id, made.span_id, sampled)
    assert parse_traceparent(here.traceparent()) == here


def test_work_outside_any_trace_is_linked_to_nothing() -> None:
    assert known_trace() is None
    assert current_trace_id() != current_trace_id()
    assert parse_traceparent(current_traceparent()) is not None
    assert known_trace() is None


async def test_leaving_a_trace_returns_to_the_one_before() -> None:
    outer, inner = new_trace(), new_trace()
    token = enter(outer)
    within = enter(inner)
    assert current_trace_id() == inner.trace_id
    leave(within)
    assert current_trace_id() == outer.trace_id
    leave(token)
