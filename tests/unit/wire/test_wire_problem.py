"""A problem document is ours only when it fits its status; everything else becomes an error of its class."""

import json

import pytest

from shared.kernel.errors import (
    ConsentRequired,
    FieldFault,
    InputRejected,
    MeshError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PeerUnavailable,
    Reason,
    TooManyRequests,
)
from shared.wire.problem import problem_body, status_of, to_error, to_problem


def document(error: MeshError) -> dict[str, object]:
    read: dict[str, object] = json.loads(problem_body(to_problem(error, instance="/v1/x", trace_id="ab" * 16)))
    return read


def test_problem_has_the_members_of_the_contract() -> None:
    error = InputRejected("message.invalid", "Mend it.", faults=[FieldFault("/area", "field.form", "Write a code.")])
    assert document(error) == {
        "type": "urn:mesh:problem:message.invalid",
        "title": "Not as the contract says",
        "status": 422,
        "detail": "Mend it.",
        "instance": "/v1/x",
        "code": "message.invalid",
        "trace_id": "ab" * 16,
        "mend": "Mend each place that errors points at.",
        "errors": [{"pointer": "/area", "code": "field.form", "message": "Write a code."}],
    }


def test_refusal_cites_its_reasons_and_its_ledger_entry() -> None:
    error = ConsentRequired(
        "consent.revoked", "No.", reasons=[Reason("consent.revoked", "R-16", "POL")], ledger_index=0
    )
    problem = document(error)
    assert problem["reasons"] == [{"code": "consent.revoked", "rule": "R-16", "basis": "POL"}]
    assert problem["ledger_index"] == 0
    assert problem["status"] == 403


def test_code_outside_the_catalogue_still_makes_a_problem() -> None:
    problem = document(NotFound("shelf.empty", "Nothing here."))
    assert (problem["status"], problem["title"], "mend" in problem) == (404, "Not found", False)


def test_class_without_a_status_has_that_of_its_base() -> None:
    class Locked(NotPermitted):
        """An heir that the table does not know."""

    assert status_of(Locked) == 403
    assert status_of(MeshError) == 500


def test_long_texts_and_lists_are_cut_not_refused() -> None:
    faults = [FieldFault("/x", "field.form", "Write.")] * 1_000
    problem = to_problem(
        InputRejected("message.invalid", "x" * 9_999, faults=faults), instance="/" * 9_999, trace_id=""
    )
    assert len(problem.detail) == 2_000
    assert len(problem.errors or ()) == 256


@pytest.mark.parametrize("field", ["status", "type", "code"])
def test_problem_that_does_not_fit_its_status_is_not_believed(field: str) -> None:
    lie = document(ConsentRequired("consent.revoked", "No.")) | {field: 404 if field == "status" else "urn:x"}
    error = to_error(403, json.dumps(lie).encode())
    assert (type(error), error.code) == (NotPermitted, "peer.refused")


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (301, PeerUnavailable, "peer.answer"),
        (400, InputRejected, "peer.refused"),
        (401, NotAuthenticated, "peer.refused"),
        (404, NotFound, "peer.refused"),
        (418, InputRejected, "peer.refused"),
        (429, TooManyRequests, "peer.refused"),
        (500, PeerUnavailable, "peer.answer"),
        (502, PeerUnavailable, "peer.answer"),
        (504, PeerUnavailable, "peer.answer"),
        (599, PeerUnavailable, "peer.answer"),
    ],
)
def test_page_of_a_proxy_becomes_the_error_of_its_status(status: int, kind: type[MeshError], code: str) -> None:
    error = to_error(status, b"<html>Mallory was here</html>", retry_after=3)
    assert (type(error), error.code, error.retry_after) == (kind, code, 3)
    assert "Mallory" not in error.message


def test_refusal_with_reasons_is_a_matter_of_consent_even_under_a_new_code() -> None:
    error = ConsentRequired("consent.of-tomorrow", "No.", reasons=[Reason("consent.of-tomorrow", "R-15", "POL")])
    assert type(to_error(403, json.dumps(document(error)).encode())) is ConsentRequired


def test_code_met_in_another_place_keeps_the_class_of_its_status() -> None:
    error = InputRejected("agency.unknown", "No such agency.")
    assert type(to_error(422, json.dumps(document(error)).encode())) is InputRejected
