"""The page of settings: every `MESH_*` variable of the gateway and of an agency service."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from gateway.settings import GatewaySettings
from mesh.reference.markdown import code, page, table
from shared.agency.settings import AgencySettings

INTRODUCTION = """
Settings are environment variables, read once when a process starts; any of them may stand in a file instead, as
secrets should (`MESH_SECRETS_DIR`). A process that misses one, or is given a malformed one, does not start and names
all of them. `python -m mesh up` sets everything itself; this page is for running the services on their own.
"""
HEADINGS = ("variable", "kind", "default", "what it is")
WORDS = {"string": "text", "path": "file", "password": "secret", "integer": "number", "boolean": "true or false"}


def render() -> str:
    """Return the page."""
    return page(
        "Configuration",
        INTRODUCTION,
        "## Gateway",
        table(HEADINGS, rows(GatewaySettings)),
        "## Agency service",
        table(HEADINGS, rows(AgencySettings)),
    )


def rows(settings: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Yield one row for each setting, in the order of the model."""
    schema = settings.model_json_schema()
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        given = "required" if name in required else default_of(field)
        yield code(f"MESH_{name.upper()}"), kind(field), given, field.get("description", "")


def kind(schema: dict[str, Any]) -> str:
    """Return what sort of value a setting takes, in words."""
    if "anyOf" in schema:
        return " or ".join(kind(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return ", ".join(code(value) for value in schema["enum"])
    word = str(schema.get("format", schema.get("type", "text")))
    return WORDS.get(word, word)


def default_of(schema: dict[str, Any]) -> str:
    """Return the default as it would be written."""
    value = schema.get("default")
    if value is None:
        return "none"
    return code(str(value).lower() if isinstance(value, bool) else value)
