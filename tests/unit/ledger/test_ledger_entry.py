"""Entries: one exact text each, and nothing else is one."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.canonical import canonical_json
from shared.kernel.errors import InputRejected
from shared.ledger.entry import Entry, leaf_text, read_leaf
from tests.support.ledger import an_entry

TEXT = '{"actor":"health-th","at":"2026-11-21T08:15:30.123Z","chain_id":"chain-1","index":7,"kind":"referral","v":1}'

codes = st.text(max_size=40)
entries = st.builds(
    Entry,
    index=st.integers(0, 2**53 - 1),
    at=st.just("2026-11-21T08:15:30.123Z"),
    kind=codes,
    actor=codes,
    message_id=st.none() | codes,
    state=st.none() | codes,
    trace_id=st.none() | codes,
)


def test_leaf_is_canonical_and_leaves_absent_facts_out() -> None:
    assert leaf_text(an_entry(7)) == TEXT
    assert read_leaf(TEXT) == an_entry(7)


@given(entries)
def test_leaf_is_canonical_json_whatever_the_facts(entry: Entry) -> None:
    facts = {name: value for name, value in asdict(entry).items() if value is not None} | {"v": 1}
    text = leaf_text(entry)
    assert text.encode() == canonical_json(facts)
    assert read_leaf(text) == entry


def test_leaf_with_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(InputRejected):
        leaf_text(an_entry(state="\ud800"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "1",
        "{}",
        "[" * 100_000,
        TEXT.replace('"v":1', '"v":2'),
        TEXT.replace(',"v":1', ""),
        TEXT.replace('"index":7', '"index":-7'),
        TEXT.replace('"index":7', '"index":true'),
        TEXT.replace('"index":7', '"index":"7"'),
        TEXT.replace('"kind":"referral"', '"kind":1'),
        TEXT.replace('"kind":"referral",', ""),
        TEXT.replace('"kind"', '"kind":"x","kind"'),
        TEXT.replace(":", ": "),
        TEXT.replace("health-th", "\\u0068ealth-th"),
        TEXT.replace("30.123Z", "30.1234Z"),
        TEXT.replace("2026-11-21T08", "2026-13-21T08"),
        TEXT.replace('"v":1', '"name":"somebody","v":1'),
        json.dumps(json.loads(TEXT)),
        TEXT + "\n",
    ],
)
def test_text_that_only_resembles_a_leaf_is_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        read_leaf(text)
    assert refusal.value.code == "ledger.leaf"
