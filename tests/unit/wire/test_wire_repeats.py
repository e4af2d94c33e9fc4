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


class Box(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    lid: Part
    parts: tuple[Part, ...] = ()


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    part: Part = Part()
    maybe: Part | None = None
    either: Part | Box = Part()
    parts: tuple[Part, ...] = ()
    boxes: tuple[Box, ...] = ()
    words: tuple[str, ...] = ()
    facts: dict[str, str | tuple[str, ...]] = {}
    by_name: dict[str, Part] = {}


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

    def part() -> str:
        return leaf(draw(_part_members))

    def parts() -> str:
        return "[" + ",".join(part() for _ in range(draw(st.integers(0, 3)))) + "]"

    def box() -> str:
        return written([("lid", part()), *draw(st.sampled_from([[], [("parts", parts())]]))])

    choices = [
        ("title", json.dumps(draw(_texts))),
        ("part", part()),
        ("maybe", draw(st.sampled_from(["null", part()]))),
        ("either", draw(st.sampled_from([part(), box()]))),
        ("parts", parts()),
        ("boxes", f"[{box()},{box()}]"),
        ("words", json.dumps(draw(st.lists(_texts, max_size=2)), separators=(",", ":"))),
        ("facts", leaf(draw(_fact_members))),
        ("by_name", written([("a", part()), (draw(st.sampled_from(["a", "b", "c"])), part())])),
    ]
    return written(draw(st.lists(st.sampled_from(choices), max_size=5)))


def names_of(body: str) -> list[int]:
    found: list[int] = []
    json.loads(body, object_pairs_hook=lambda pairs: found.append(len(pairs)))
    return found


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
        '{"maybe":{"size":1,"size":2}}',
        '{"either":{"lid":{"size":1,"size":2}}}',
        '{"boxes":[{"lid":{},"parts":[{"size":1,"size":2}]}]}',
        '{"by_name":{"a":{"size":1,"size":2}}}',
    ],
)
def test_a_name_smuggled_in_twice_is_refused(body: str) -> None:
    with pytest.raises(InputRejected, match=r"message\.repeated-name"):
        refuse_repeated_names(body.encode(), Whole.model_validate_json(body))


@pytest.mark.parametrize(
    "body",
    [
        '{"parts":[{"name":"x","size":1},{},{"name":"y"}]}',
        '{"boxes":[{"lid":{"size":1},"parts":[{"name":"x","size":1}]}]}',
        '{"maybe":{"name":"x","size":1},"either":{"lid":{"name":"x","size":1}}}',
        '{"facts":{"a":"1","b":["2","3"]},"by_name":{"a":{"size":1},"b":{"name":"x","size":2}}}',
        '{"title":"x","words":["y"],"maybe":null}',
    ],
)
def test_every_name_counts_so_that_no_document_is_read_again_for_nothing(body: str) -> None:
    assert count_names(Whole.model_validate_json(body)) == sum(names_of(body))


def test_defaults_do_not_count_so_they_cannot_hide_a_repeat() -> None:
    assert count_names(Whole.model_validate_json('{"part":{}}')) == 1
