"""The reference for readers: `/openapi.json` and `/docs`, all from this machine.

Owns the page that shows the document in Swagger UI, whose files come from an installed package. Promises that
nothing is loaded from elsewhere and that no script stands in the page (Content-Security-Policy `script-src 'self'`).
The viewer is of a generation that reads OpenAPI 3.0: `/docs/openapi.json` is the same document written that way,
for the viewer alone; `/openapi.json` is the contract.
"""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from shared.kernel.errors import NotFound

PATHS: Final = frozenset({"/openapi.json", "/docs", "/docs/openapi.json", "/docs/assets/{name}"})
_ASSETS: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reference</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<div id="reference"></div>
<noscript><p>The reference as data: <a href="/openapi.json">/openapi.json</a></p></noscript>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
_START: Final = """window.addEventListener("load", () => {
  SwaggerUIBundle({url: "/docs/openapi.json", dom_id: "#reference", deepLinking: true, validatorUrl: null});
});
"""


def docs_router(document: Callable[[], dict[str, Any]]) -> APIRouter:
    """Build the router of the reference; `document` returns the OpenAPI document."""
    router = APIRouter(include_in_schema=False)

    @cache
    def contract() -> bytes:
        return json.dumps(document(), ensure_ascii=False).encode()

    @cache
    def for_viewer() -> bytes:
        return json.dumps({**in_openapi_30(document()), "openapi": "3.0.3"}, ensure_ascii=False).encode()

    @router.get("/openapi.json")
    async def openapi_json() -> Response:
        return Response(contract(), media_type="application/json")

    @router.get("/docs/openapi.json")
    async def viewer_json() -> Response:
        return Response(for_viewer(), media_type="application/json")

    @router.get("/docs")
    async def docs_page() -> Response:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _CSP})

    @router.get("/docs/assets/{name}")
    async def docs_asset(name: str) -> Response:
        return _asset(name)

    return router


def in_openapi_30(node: Any) -> Any:
    """Rewrite what JSON Schema 2020-12 says in the words of OpenAPI 3.0, as far as a viewer needs."""
    if isinstance(node, list):
        return [in_openapi_30(child) for child in node]
    if not isinstance(node, dict):
        return node
    written = {name: in_openapi_30(child) for name, child in node.items()}
    if "const" in written:
        written["enum"] = [written.pop("const")]
    branches = written.get("anyOf")
    if isinstance(branches, list) and {"type": "null"} in branches:
        rest = [branch for branch in branches if branch != {"type": "null"}]
        del written["anyOf"]
        written |= {"nullable": True, **(rest[0] if len(rest) == 1 else {"anyOf": rest})}
    return written


def _asset(name: str) -> Response:
    headers = {"Cache-Control": "public, max-age=3600"}
    if name == "start.js":
        return Response(_START, media_type="text/javascript", headers=headers)
    if name not in _ASSETS:
        raise NotFound("route.unknown", "There is nothing at this path.")
    return FileResponse(_folder() / name, headers=headers)


@cache
def _folder() -> Path:
    package = Path(str(files("swagger_ui_bundle")))
    return next(package.glob("vendor/swagger-ui-*"))
