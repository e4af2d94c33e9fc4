"""Modules and functions stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.checkout import ROOMS, ROOT, python_files

LONGEST_MODULE = 400
LONGEST_FUNCTION = 40

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and its length in lines, its docstring not counted."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, type_of_function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            yield node.name, lines


def test_no_module_is_too_long() -> None:
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in python_files(*ROOMS, "tests")}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_too_long() -> None:
    found = [
        f"{path}:{name} has {lines} lines"
        for path in python_files(*ROOMS)
        for name, lines in functions(path)
        if lines > LONGEST_FUNCTION
    ]
    assert found == []
