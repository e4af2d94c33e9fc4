"""The page of the HTTP API: every operation of every service, with its scope and its answers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mesh.reference.applications import documents
from mesh.reference.markdown import code, codes, page, table
from mesh.roster import AGENCIES, GATEWAY

INTRODUCTION = """
The full contract of each service is its OpenAPI 3.1 document at `/openapi.json`, to be tried out at `/docs`. This page
lists what there is. Every refusal is a problem document; see [errors](errors.md). A call without a scope is public.
"""
METHODS: Final = ("get", "put", "post", "patch", "delete")
HEADINGS: Final = ("call", "what it does", "scope", "answers")


def render() -> str:
    """Return the page for the services as they are."""
    return render_from(documents())


def render_from(known: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page: the gateway, what all agency services have, and what each has of its own."""
    agencies = {agency.name: list(operations(known[agency.name])) for agency in AGENCIES}
    shared = [row for row in agencies[AGENCIES[0].name] if all(row in rows for rows in agencies.values())]
    parts = [INTRODUCTION, "## Gateway", table(HEADINGS, operations(known[GATEWAY.name]))]
    parts += ["## Every agency service", table(HEADINGS, shared)]
    for agency in AGENCIES:
        own = [row for row in agencies[agency.name] if row not in shared]
        parts += [f"## Only the {agency.host_name} service", table(HEADINGS, own)] if own else []
    return page("HTTP API", *parts)


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield one row for each operation, in the order of the document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield row_of(method, path, item[method])


def row_of(method: str, path: str, operation: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return an operation as one row."""
    scopes = {scope for need in operation.get("security", ()) for names in need.values() for scope in names}
    call = code(f"{method.upper()} {path}")
    return call, operation.get("summary", ""), codes(scopes), ", ".join(sorted(operation["responses"]))
