"""Calling every operation of an OpenAPI document with whatever a fuzzer makes of it, the same at every run.

The fuzzer is imported when it is used: every process of a run reads this module, and one of them fuzzes.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, settings

#: What a caller signs in with: it is given the request as it leaves.
SignIn = Callable[[requests.PreparedRequest], requests.PreparedRequest]


def bearer(token: str) -> SignIn:
    """Sign in with an access token."""

    def sign_in(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign_in


def fuzz(
    url: str,
    sign_in: SignIn,
    *,
    examples: int,
    known: Mapping[str, Sequence[Any]] | None = None,
    also: Mapping[str, SignIn] | None = None,
    only: Container[str] | None = None,
) -> dict[str, set[int]]:
    """Call every operation and check each answer against the document; return the statuses seen by operation.

    `known`: values by name of parameter or field. Every other call that has such a name is given one of them, so
    that not everything ends in 404. `also`: by path, where one signs in differently. `only`: the operations to call.
    """
    import schemathesis

    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    ways = also or {}
    seen = {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a fault of the document is raised
        if only is None or operation.label in only:
            way = ways.get(operation.path, sign_in)
            seen[operation.label] = _fuzz(operation, way, examples, {n: cycle(v) for n, v in (known or {}).items()})
    return seen


def _fuzz(operation: Any, sign_in: SignIn, examples: int, known: Mapping[str, Iterator[Any]]) -> set[int]:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    statuses: list[int] = []
    held = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        if len(statuses) % 2:
            for part in (case.path_parameters, case.query, case.body):
                _put(part, known)
        if "wait" in (case.query or {}):
            case.query["wait"] = 0  # a long poll is as right after no seconds as after thirty
        answer = case.call(auth=sign_in)
        statuses.append(answer.status_code)
        case.validate_response(answer, checks=held)

    call()
    return set(statuses)


def _put(part: Any, known: Mapping[str, Iterator[Any]]) -> None:
    if isinstance(part, dict):
        for name in part.keys() & known.keys():
            part[name] = next(known[name])
