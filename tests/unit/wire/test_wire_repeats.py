"""Counting names gives the verdict that reading the whole text again would give."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from shared.kernel.errors import InputRejected
from shared.wire.repeats import count_names, refuse_repeated_names


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "none"
    size: int | None = None


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    part: Part = Part()
    parts: tuple[Part, ...] = ()
    facts: dict[str, str] = {}


_texts = st.sampled_from(["", ":", '":', "a:b", ' "x":', "\\", "é", "title"]) | st.text(max_size=4)
_part_members = st.lists(st.tuples(st.just("name"), _texts) | st.tuples(st.just("size"), st.integers()), max_size=3)
_fact_members = st.lists(st.tuples(st.sampled_from(["a", "b"]), _texts), max_size=3)
_spaces = st.sampled_from(["", "", " ", "\n", "\t", "\r\n"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    gap = draw(_spaces)

    def written(members: list[tuple[str, str]]) -> str:
        return "{" + ",".join(f'"{name}"{gap}:{value}' for name, value in members) + "}"

    def leaf(members: list[tuple[str, Any]]) -> str:
        escaped = draw(st.booleans())
        return written([(name, json.dumps(value, ensure_ascii=escaped)) for name, value in members])

    parts = draw(st.lists(_part_members, max_size=3))
    choices = [
        ("title", json.dumps(draw(_texts))),
        ("part", leaf(draw(_part_members))),
        ("parts", "[" + ",".join(leaf(part) for part in parts) + "]"),
        ("facts", leaf(draw(_fact_members))),
    ]
    return written(draw(st.lists(st.sampled_from(choices), max_size=5)))


def is_repeated(body: str) -> bool:
    found = []
    json.loads(body, object_pairs_hook=lambda pairs: found.append(len(dict(pairs)) != len(pairs)))
    return any(found)


@given(documents())
def test_counting_gives_the_verdict_of_reading_again(body: str) -> None:
    whole = Whole.model_validate_json(body)
    if is_repeated(body):
        with pytest.raises(InputRejected, match=r"message\.repeated-name"):
            refuse_repeated_names(body.encode(), whole)
    else:
        refuse_repeated_names(body.encode(), whole)


@pytest.mark.parametrize(
    "body",
    [
        '{"title":"a","title":"b"}',
        '{"title":"a","title" :"b"}',
        '{"title":"a","titl\\u0065":"b"}',
        '{"part":{"size":1},"part":{"name":"x"}}',
        '{"facts":{"a":"1","a":"2"}}',
        '{"parts":[{"name":"x"},{"name":"y","name":"z"}]}',
    ],
)
def test_a_name_smuggled_in_twice_is_refused(body: str) -> None:
    with pytest.raises(InputRejected, match=r"message\.repeated-name"):
        refuse_repeated_names(body.encode(), Whole.model_validate_json(body))


def test_defaults_do_not_count_so_they_cannot_hide_a_repeat() -> None:
    assert count_names(Whole.model_validate_json('{"part":{}}')) == 1
