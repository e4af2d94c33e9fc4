"""Tests that documents name as proof: which of them does nobody have."""

import ast
import re
from functools import cache
from typing import Final

from tests.support.checkout import ROOT

NAMED_TEST: Final = re.compile(r"`(tests/[\w/.]+\.py)::(\w+)`")


def absent(text: str) -> list[str]:
    """Return the tests that a text names and nobody wrote."""
    return [f"{path}::{name}" for path, name in NAMED_TEST.findall(text) if name not in _written_in(path)]


@cache
def _written_in(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
