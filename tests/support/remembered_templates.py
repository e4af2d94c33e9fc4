"""What Jinja makes of the text of a template, remembered: tests open the same pages of many applications.

Pages are read by one kind of environment (`shared.pages.rendering`). What it makes of a template depends on the text,
and, as what is constant is worked out at once, on the deployable and its language. Any other environment is left
alone. Real processes (tests/e2e, tests/browser) remember nothing.
"""

from types import CodeType
from typing import Any

from jinja2 import Environment

from shared.pages.rendering import Brand

__all__ = ["remember_templates"]

_compile: Any = Environment.compile
_known: dict[Any, CodeType] = {}


def remember_templates() -> None:
    """Let every environment ask here first."""
    Environment.compile = _remembered  # type: ignore[method-assign]  # the same, and sooner


def _remembered(environment: Environment, source: Any, *more: Any, **told: Any) -> Any:
    brand = environment.globals.get("brand")
    if not isinstance(brand, Brand) or not isinstance(source, str):
        return _compile(environment, source, *more, **told)
    known_as = (source, more, tuple(told.items()), brand.slug, environment.globals["language"])
    if known_as not in _known:
        _known[known_as] = _compile(environment, source, *more, **told)
    return _known[known_as]
