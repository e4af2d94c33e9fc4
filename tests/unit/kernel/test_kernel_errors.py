"""The tree of errors: what crosses a room is one of these and can be told apart by class and code."""

import pytest

from shared.kernel import errors
from shared.kernel.errors import FieldFault, MeshError, Reason

TREE = {
    "InputRejected": "MeshError",
    "TooLarge": "InputRejected",
    "UnsupportedMedia": "InputRejected",
    "NotAuthenticated": "MeshError",
    "NotPermitted": "MeshError",
    "ConsentRequired": "NotPermitted",
    "NotFound": "MeshError",
    "Conflict": "MeshError",
    "TooManyRequests": "MeshError",
    "PeerUnavailable": "MeshError",
    "InternalFault": "MeshError",
    "FatalLedgerError": "InternalFault",
}


def test_the_tree_is_the_one_its_page_shows() -> None:
    found = {
        name: value.__base__.__name__
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, MeshError) and value is not MeshError
    }
    assert found == TREE
    assert all(f"── {name}" in (errors.__doc__ or "") for name in TREE)


@pytest.mark.parametrize("name", sorted(TREE))
def test_an_error_carries_code_message_and_what_explains_it(name: str) -> None:
    fault = FieldFault("/urgency", "value.unknown", "Use a known urgency.")
    reason = Reason("consent.expired", "R-02", "policy")
    error = getattr(errors, name)(
        "some.code", "A sentence.", faults=[fault], reasons=[reason], retry_after=3, ledger_index=7
    )
    assert (error.code, error.message, error.retry_after, error.ledger_index) == ("some.code", "A sentence.", 3, 7)
    assert (error.faults, error.reasons) == ((fault,), (reason,))


def test_the_text_of_an_error_is_its_code_so_that_logs_carry_no_sentence_about_a_case() -> None:
    assert str(MeshError("some.code", "A sentence.")) == "some.code"


def test_an_error_explains_nothing_it_was_not_given() -> None:
    error = MeshError("some.code", "A sentence.")
    assert (error.faults, error.reasons, error.retry_after, error.ledger_index) == ((), (), None, None)
