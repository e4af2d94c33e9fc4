"""Modules and functions stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.checkout import ROOMS, ROOT, python_files

LONGEST_MODULE = 400
LONGEST_FUNCTION = 40

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)


def written(*roots: str) -> Iterator[Path]:
    """The modules that somebody wrote; revisions of tables are written by a library, and as long as the tables."""
    return (path for path in python_files(*roots) if path.parent.name != "migrations")


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and its length in lines; docstrings, and functions inside it, are not counted."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, type_of_function):
            inner = [one for one in node.body if isinstance(one, type_of_function)]
            yield node.name, own_lines(node) - sum(span(one) for one in inner)


def own_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring."""
    return span(node) - (span(node.body[0]) if ast.get_docstring(node) is not None else 0)


def span(node: ast.stmt) -> int:
    """The lines from the first to the last of a statement."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_too_long() -> None:
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in written(*ROOMS, "tests")}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_too_long() -> None:
    found = [
        f"{path}:{name} has {lines} lines"
        for path in written(*ROOMS)
        for name, lines in functions(path)
        if lines > LONGEST_FUNCTION
    ]
    assert found == []
