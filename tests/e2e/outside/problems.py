"""What the wire contract, section 1, promises about every refusal."""

import re
from collections.abc import Iterable

import httpx

from tests.e2e.outside.keys import Json

TRACE = re.compile(r"^[0-9a-f]{32}$")
POINTER = re.compile(r"^(/([^~/]|~[01])*)*$")
LIBRARIES = re.compile(
    r"pydantic|sqlalchemy|sqlite|starlette|fastapi|uvicorn|python-jose|jose\.|Traceback|psycopg", re.I
)


def problem(
    answer: httpx.Response,
    status: int,
    code: str | None = None,
    *,
    pointer: str | None = None,
    secrets: Iterable[str] = (),
) -> Json:
    """The problem document of an answer, checked member by member; `secrets` are values that were submitted."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:600]}"
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json"
    document: Json = answer.json()
    for member in ("type", "title", "detail", "instance", "code", "trace_id"):
        assert isinstance(document.get(member), str), (member, document)
    assert document["status"] == status
    assert document["type"] == f"urn:mesh:problem:{document['code']}"
    assert TRACE.match(document["trace_id"]), document
    assert not LIBRARIES.search(answer.text), answer.text
    for secret in secrets:
        assert secret not in answer.text, f"{secret} is repeated: {answer.text}"
    if code is not None:
        assert document["code"] == code, document
    check_errors(document, pointer)
    return document


def check_errors(document: Json, pointer: str | None) -> None:
    for fault in document.get("errors", []):
        assert {"pointer", "code", "message"} <= fault.keys(), fault
        assert POINTER.match(fault["pointer"]), fault
    if pointer is not None:
        assert pointer in [fault["pointer"] for fault in document["errors"]], document


def refused(answer: httpx.Response, *codes: str) -> Json:
    """The problem of a refusal on consent or SOP: 403, reasons with codes, the index of the recorded refusal."""
    document = problem(answer, 403)
    reasons = document["reasons"]
    assert reasons, document
    for reason in reasons:
        assert {"code", "rule", "basis"} <= reason.keys(), reason
    given = {document["code"], *(reason["code"] for reason in reasons)}
    assert set(codes) <= given, document
    assert isinstance(document["ledger_index"], int), document
    return document
