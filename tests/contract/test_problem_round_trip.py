"""What is raised in one process is what is caught in another."""

import json

import pytest

from shared.kernel import errors
from shared.kernel.errors import FatalLedgerError, FieldFault, InternalFault, MeshError, Reason
from shared.wire.codes import CODES
from shared.wire.problem import INTERNAL_SENTENCE, STATUS, problem_body, status_of, to_error, to_problem


def every_class(root: type[MeshError] = MeshError) -> list[type[MeshError]]:
    found = [root] if root is not MeshError else []
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            found += every_class(child)
    return found


def code_of(error: type[MeshError]) -> str:
    return next(entry.code for entry in CODES.values() if entry.error is error)


def there_and_back(error: MeshError) -> MeshError:
    body = problem_body(to_problem(error, instance="/v1/referrals", trace_id="0" * 32))
    return to_error(status_of(type(error)), body, retry_after=error.retry_after)


@pytest.mark.parametrize("error", every_class(), ids=lambda e: e.__name__)
def test_every_class_has_a_status_and_a_code_in_the_catalogue(error: type[MeshError]) -> None:
    assert any(ancestor in STATUS for ancestor in error.__mro__)
    assert code_of(error)


@pytest.mark.parametrize(
    "error", [e for e in every_class() if not issubclass(e, InternalFault)], ids=lambda e: e.__name__
)
def test_error_comes_back_as_the_class_it_was_with_all_it_said(error: type[MeshError]) -> None:
    sent = error(
        code_of(error),
        "Do this instead.",
        faults=[FieldFault("/a~1b/0", "field.required", "Add it.")],
        reasons=[Reason("consent.revoked", "R-16", "STAT Law 91/2025/QH15 (sourced, 2026-11-21)")],
        retry_after=7,
        ledger_index=0,
    )
    read = there_and_back(sent)
    assert type(read) is error
    assert vars(read) == vars(sent)


@pytest.mark.parametrize("error", [InternalFault, FatalLedgerError])
def test_internal_fault_tells_the_other_side_nothing(error: type[MeshError]) -> None:
    sent = error(
        "ledger.unknown-state",
        "disk 3 is full",
        faults=[FieldFault("/x", "field.required", "secret")],
        reasons=[Reason("consent.revoked", "R-16", "secret")],
    )
    problem = to_problem(sent, instance="/v1/referrals", trace_id="0" * 32)
    assert problem.detail == INTERNAL_SENTENCE
    read = there_and_back(sent)
    assert (type(read), read.code, read.message) == (InternalFault, "internal.fault", INTERNAL_SENTENCE)
    assert (read.faults, read.reasons) == ((), ())


@pytest.mark.parametrize("entry", CODES.values(), ids=lambda e: e.code)
def test_every_code_makes_a_problem_that_says_how_to_mend_it(entry: object) -> None:
    known = CODES[entry.code]  # type: ignore[attr-defined]
    problem = json.loads(problem_body(to_problem(known.error(known.code, "No."), instance="/", trace_id="0" * 32)))
    assert problem["status"] == status_of(known.error)
    assert problem["title"]
    assert problem["mend"].endswith(".")
