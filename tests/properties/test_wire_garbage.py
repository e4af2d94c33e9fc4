"""Whatever a parser of the wire is given, only our own errors come out, and none of what was sent."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import MeshError
from shared.sop.model import FactField
from shared.wire.answers import ChainV1, PropagationV1, ReferralDetailV1, read_answer
from shared.wire.delivery import BatchV1, DeliveryV1, ReceiptsV1
from shared.wire.directory import AvailabilityV1, MatchRequestV1
from shared.wire.facts import check_facts
from shared.wire.messages import MODELS, parse, read, to_body
from shared.wire.problem import to_error
from tests.support.messages import NAMES, golden, kind_of

MARK = "Nguyễn Thị Bí Mật 0912345678"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(MARK) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just(MARK), inner, max_size=3),
    max_leaves=6,
)
PARSERS: list[Callable[[bytes], Any]] = [
    *((lambda body, kind=kind: parse(kind, body)) for kind in MODELS),
    *((lambda body, model=model: read(model, body)) for model in (DeliveryV1, BatchV1, ReceiptsV1)),
    *((lambda body, model=model: read(model, body)) for model in (AvailabilityV1, MatchRequestV1)),
]


def refused_in_our_words(work: Callable[[], Any]) -> Any:
    """Run `work`; only a `MeshError` may come out, and it must not hold the mark."""
    try:
        return work()
    except MeshError as error:
        said = repr((error.code, error.message, error.faults, error.reasons))
        assert MARK not in said
        assert "pydantic" not in said
        return None


@pytest.mark.parametrize("parser", PARSERS)
@given(body=st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused(parser: Callable[[bytes], Any], body: bytes) -> None:
    refused_in_our_words(lambda: parser(body))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_message_with_any_one_value_replaced_parses_or_is_refused(name: str, data: st.DataObject) -> None:
    document = golden(name)
    field = data.draw(st.sampled_from([*document, "unknown", MARK]))
    document[field] = data.draw(VALUES)
    body = json.dumps(document).encode()
    message = refused_in_our_words(lambda: parse(kind_of(name), body))
    if message is not None:
        assert parse(kind_of(name), to_body(message)) == message


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_message_with_any_inner_value_replaced_parses_or_is_refused(name: str, data: st.DataObject) -> None:
    document: Any = golden(name)
    inner = [document[key] for key in document if isinstance(document[key], dict) and document[key]]
    inner += [
        part for key in document if isinstance(document[key], list) for part in document[key] if isinstance(part, dict)
    ]
    if inner:
        part = data.draw(st.sampled_from(inner))
        part[data.draw(st.sampled_from([*part, MARK]))] = data.draw(VALUES)
    refused_in_our_words(lambda: parse(kind_of(name), json.dumps(document).encode()))


@given(
    status=st.integers(min_value=300, max_value=599),
    body=st.binary(max_size=200) | VALUES.map(lambda v: json.dumps(v).encode()),
)
def test_any_answer_of_a_peer_becomes_an_error_of_ours(status: int, body: bytes) -> None:
    error = to_error(status, body)
    assert isinstance(error, MeshError)
    assert MARK not in error.message


@pytest.mark.parametrize("model", [ReferralDetailV1, PropagationV1, ChainV1])
@given(document=VALUES)
def test_any_document_in_place_of_an_answer_is_refused(model: Any, document: Any) -> None:
    refused_in_our_words(lambda: read_answer(model, document))


@given(facts=st.dictionaries(st.sampled_from(["flag", "day", "at", "code", "ref", "to", "other"]), VALUES))
def test_facts_of_any_kind_pass_or_are_refused(facts: Any) -> None:
    types = {"flag": "boolean", "day": "date", "at": "time", "code": "code", "ref": "reference", "to": "agency"}
    vocabulary = {name: FactField(name, kind) for name, kind in types.items()}
    refused_in_our_words(lambda: check_facts(vocabulary, facts, pointer="/facts"))
