"""Moments become days and hours of Viet Nam in one place, which knows what to do at the end of the calendar."""

import ast
from pathlib import PurePath

from tests.support.checkout import ROOMS, ROOT, python_files

CALENDAR = PurePath("shared/sop/calendar.py")


def converts(node: ast.AST) -> bool:
    """Whether this turns a moment into the time of a zone other than UTC."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "astimezone"
        and [ast.unparse(argument) for argument in node.args] != ["UTC"]
    )


def test_only_the_calendar_turns_moments_into_the_time_of_viet_nam() -> None:
    trees = {path: ast.parse((ROOT / path).read_text(encoding="utf-8")) for path in python_files(*ROOMS)}
    assert {path for path, tree in trees.items() if any(map(converts, ast.walk(tree)))} == {CALENDAR}
