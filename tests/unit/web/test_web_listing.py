"""Cursors: opaque, bounded, and refused when they are not of this list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.encoding import b64url
from shared.kernel.errors import InputRejected
from shared.web.listing import Page, answer, read_cursor, write_cursor

_PARTS = st.lists(
    st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
)


@given(_PARTS)
def test_written_position_is_read_back(parts: list[int | str]) -> None:
    assert read_cursor(write_cursor(*parts)) == tuple(parts)


@given(st.text(max_size=40) | st.binary(max_size=40).map(b64url))
def test_forged_cursor_is_refused_or_a_position(text: str) -> None:
    try:
        position = read_cursor(text)
    except InputRejected:
        return
    assert all(isinstance(part, int | str) for part in position)


@pytest.mark.parametrize(
    "forged", ['{"a":1}', "[1.5]", "[true]", "[null]", "[[1]]", '["\\u0000"]', '["\\ud800"]', f"[{2**70}]", "[" * 9_000]
)
def test_cursor_with_anything_but_plain_parts_is_refused(forged: str) -> None:
    with pytest.raises(InputRejected):
        read_cursor(b64url(forged.encode()))


def test_page_gives_its_position_in_the_form_that_the_list_uses() -> None:
    assert Page(1, None).after_int() is None
    assert Page(1, None).after_text() is None
    assert Page(1, (7,)).after_int() == 7
    assert Page(1, ("a",)).after_text() == "a"
    assert Page(1, None).after_pair() is None
    assert Page(1, ("a", "b")).after_pair() == ("a", "b")


def test_cursor_of_another_list_is_refused() -> None:
    for page in (Page(1, ("a",)), Page(1, (1, 2))):
        with pytest.raises(InputRejected):
            page.after_int()
    for page in (Page(1, (1,)), Page(1, ("a", "b"))):
        with pytest.raises(InputRejected):
            page.after_text()
    for page in (Page(1, ("a",)), Page(1, ("a", 1)), Page(1, ("a", "b", "c"))):
        with pytest.raises(InputRejected):
            page.after_pair()


def test_last_page_leads_nowhere() -> None:
    assert answer([1], last=None) == {"items": [1], "next": None}
    assert answer([1], last=(1,))["next"] == write_cursor(1)
