"""Messages that were once valid stay valid: they are stored and forwarded unchanged for years."""

import json

import pytest

from shared.kernel.errors import InputRejected
from shared.wire.messages import MODELS, parse, to_body
from tests.support.messages import NAMES, golden, golden_bytes, kind_of


def test_every_kind_has_a_golden_message() -> None:
    assert {kind_of(name) for name in NAMES} == set(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_golden_message_parses(name: str) -> None:
    message = parse(kind_of(name), golden_bytes(name))
    assert message.kind == kind_of(name)
    assert message.id == golden(name)["id"]


@pytest.mark.parametrize("name", NAMES)
def test_golden_message_survives_being_written_again(name: str) -> None:
    message = parse(kind_of(name), golden_bytes(name))
    assert parse(kind_of(name), to_body(message)) == message
    assert json.loads(to_body(message)).keys() == golden(name).keys()


@pytest.mark.parametrize("name", NAMES)
def test_golden_message_is_refused_as_any_other_kind(name: str) -> None:
    for kind in MODELS.keys() - {kind_of(name)}:
        with pytest.raises(InputRejected, match=r"message\.invalid"):
            parse(kind, golden_bytes(name))
