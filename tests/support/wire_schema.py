"""The JSON Schema of everything a deployable reads from another, as one document.

`python -m tests.support.wire_schema` writes the snapshot anew; read the difference before you commit it: what a
client could send yesterday it must be able to send tomorrow.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.wire import answers, delivery, directory, messages, overrides, problem

SNAPSHOT = Path(__file__).resolve().parents[1] / "contract" / "golden" / "wire-v1.schema.json"


def models() -> list[type[BaseModel]]:
    """Every model of the wire, by name."""
    found = {
        member.__name__: member
        for module in (answers, delivery, directory, messages, overrides, problem)
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, BaseModel) and member.__name__.endswith("V1")
    }
    return [found[name] for name in sorted(found)]


def schema() -> dict[str, Any]:
    """One document with a definition per model."""
    document: dict[str, Any] = models_json_schema([(model, "validation") for model in models()])[1]
    return document


def text() -> str:
    """The snapshot as it stands in the file."""
    return json.dumps(schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(text(), encoding="utf-8")
