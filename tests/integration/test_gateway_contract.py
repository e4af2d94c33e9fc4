"""The OpenAPI document tells the truth: whatever a fuzzer makes of it, no 5xx and nothing it does not name."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.mesh import HEALTH, running_mesh
from tests.support.serving import serving

EXAMPLES = 15
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@asynccontextmanager
async def served(database_url: str, folder: Path) -> AsyncIterator[tuple[str, str]]:
    async with running_mesh(database_url, folder) as mesh, serving(mesh.app) as url:
        yield url, await mesh[HEALTH].token()


@pytest.fixture
def gateway(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A gateway's address and a token for it; it runs on a loop of its own, as the fuzzer is not asynchronous."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served(sqlite_url, tmp_path)) as both:
        yield both


@pytest.mark.timeout(600)
def test_whatever_is_called_answers_as_documented(gateway: tuple[str, str]) -> None:
    url, token = gateway
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    fuzzed = [_fuzz(found.ok(), {"Authorization": f"Bearer {token}"}) for found in schema.get_all_operations()]
    assert len(fuzzed) > 25
    assert min(fuzzed) > 0


def _fuzz(operation: Any, headers: dict[str, str]) -> int:
    called = 0

    @FUZZ
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        nonlocal called
        called += 1
        if "wait" in (case.query or {}):
            case.query["wait"] = 0  # a long poll is as right after no seconds as after thirty
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    call()
    return called
