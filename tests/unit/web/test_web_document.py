"""The OpenAPI document: complete, of version 3.1, and true."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from shared.web.factory import document_route
from shared.web.openapi import operation
from shared.web.security import RequiredScope
from shared.web.server import DEFAULTS
from tests.support.web_app import TOKEN, DoneV1, ThingV1, client_of, hot_thing, sample_app

#: All but the one that wants every bounded text accepted: a cursor that nobody wrote is refused.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return sample_app().openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{m.upper()} {p}": o for p, found in document["paths"].items() for m, o in found.items()}


def test_document_is_openapi_31_without_schemas_of_the_framework(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "ProblemV1" in document["components"]["schemas"]


def test_hot_route_is_documented_like_any_other(document: dict[str, Any]) -> None:
    hot, slow = (operations(document)[f"POST {path}"] for path in ("/v1/things", "/v1/slow-things"))
    assert hot["requestBody"] == slow["requestBody"]
    assert hot["security"] == slow["security"] == [{"token": ["things.write"]}]
    assert hot["responses"].keys() - {"202"} == slow["responses"].keys() - {"201"}
    assert hot["responses"]["202"]["content"] == slow["responses"]["201"]["content"]


def test_guarded_operation_may_answer_401_403_and_429_and_a_public_one_not(document: dict[str, Any]) -> None:
    for name, found in operations(document).items():
        assert ({"401", "403", "429"} <= found["responses"].keys()) == ("security" in found), name


def test_operation_with_body_may_answer_413_and_415(document: dict[str, Any]) -> None:
    for name, found in operations(document).items():
        assert ({"413", "415"} <= found["responses"].keys()) == ("requestBody" in found), name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
            for child in node.values():
                yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    for reference in references(document):
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        assert target


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(document).values()]
    assert len(ids) == len(set(ids))


def test_hot_routes_of_one_handler_are_told_apart() -> None:
    app = sample_app()
    for path in ("/v1/a/{x}/events", "/v1/b"):
        document_route(
            app,
            path,
            hot_thing,
            method="PUT",
            guard=RequiredScope("things.write"),
            operation=operation("Put", body=ThingV1, answers={202: DoneV1}),
            models=[ThingV1, DoneV1],
        )
    ids = {found["operationId"] for found in operations(app.openapi()).values()}
    assert {"put_v1_a_x_events", "put_v1_b", "post_v1_things"} <= ids


def test_scopes_are_explained(document: dict[str, Any]) -> None:
    flow = document["components"]["securitySchemes"]["token"]["flows"]["clientCredentials"]
    assert flow == {
        "tokenUrl": "/oauth/token",
        "scopes": {"things.read": "Read things.", "things.write": "Write things."},
    }


async def test_reference_page_loads_nothing_from_elsewhere() -> None:
    async with client_of(sample_app(), token=None) as client:
        page = await client.get("/docs")
        assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "http" not in page.text
        assert "<script>" not in page.text
        for asset in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png"):
            assert (await client.get(f"/docs/assets/{asset}")).status_code == 200
        for attack in ("index.html", "..%2F__init__.py", "swagger-ui.js.map"):
            assert (await client.get(f"/docs/assets/{attack}")).status_code == 404


async def test_viewer_gets_the_document_in_words_it_knows() -> None:
    async with client_of(sample_app(), token=None) as client:
        contract, shown = (await client.get("/openapi.json")).json(), (await client.get("/docs/openapi.json")).json()
    assert (contract["openapi"], shown["openapi"]) == ("3.1.0", "3.0.3")
    assert contract["paths"].keys() == shown["paths"].keys()
    assert "'null'" not in str(shown)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the sample over a real socket."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(sample_app(), log_config=None, access_log=False, **DEFAULTS))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.mark.slow
def test_fuzzer_finds_no_fault_and_no_undocumented_answer(address: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", "--seed", "1"]
    options = ["--max-examples", "20", "--checks", ",".join(CHECKS), "-H", f"Authorization: Bearer {TOKEN}"]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


async def test_real_server_answers_head_and_closes_over_large_bodies(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        assert (await client.head("/v1/things/abc")).status_code == 200
        answer = await client.post(
            "/v1/slow-things", content=b" " * 600_000, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413
        assert (await client.get("/v1/things/abc")).status_code == 200
