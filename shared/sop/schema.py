"""A JSON Schema (2020-12) as it stands in its file, made ready once for all the content that is checked against it."""

from functools import cached_property
from typing import Any

from jsonschema_rs import Draft202012Validator


class Schema(dict[str, Any]):
    """A schema with its validator, which is made when something is first checked and kept."""

    @cached_property
    def validator(self) -> Draft202012Validator:
        """Check values against this schema. Making it costs some hundred times what a check does."""
        return Draft202012Validator(dict(self))
