"""The page of rules: each victim-centred rule and precondition, where the code enforces it and which test proves it.

Made from the code itself: a rule is enforced where its id stands as a text in the code, in the docstring of what
enforces it, or in a sector's `rules.toml`; it is proven by tests that are marked with it (`pytest.mark.rule`). A rule
that nothing enforces says why in the procedure's data (`rules.toml`, `not_enforced`).
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from mesh.programs import CHECKOUT
from mesh.reference.markdown import code, page, table
from shared.sop.loader import load_sop

ROOMS: Final = ("shared", "gateway", "services")
SECTORS: Final = ("police", "health", "legal_aid", "social")
_RULE: Final = re.compile(r"\b(?:R-\d\d|E[1-8])\b")
_MARK: Final = re.compile(r"mark\.rule\(")
_SHOWN_MOST: Final = 6

INTRODUCTION: Final = """
The rules of the procedure that software can enforce, derived from the sources each of them names. "Enforced in" and
"proven by" are read from the code and the tests; a sector's own rules stand below with their refusals.
"""


def render() -> str:
    """Return the page."""
    return page(
        "Rules and where they hold",
        INTRODUCTION,
        table(("rule", "says", "derived from", "enforced in", "proven by"), rows()),
        *(part for sector in SECTORS for part in sector_part(sector)),
    )


def rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield one row for each rule, in the order of their ids."""
    for rule_id, (says, basis, why_not) in sorted(stated().items(), key=lambda item: _order(item[0])):
        places = _shortened(enforced().get(rule_id, ()))
        yield rule_id, says, basis, places or why_not, _shortened(proven().get(rule_id, ()))


def stated() -> Mapping[str, tuple[str, str, str]]:
    """Return every rule and precondition by id: what it says, its basis, and why nothing enforces it, if so."""
    sop = load_sop()
    rules = {rule.id: (rule.says.en, rule.basis.citation, rule.not_enforced) for rule in sop.rules.values()}
    conditions = {
        one.id: (one.says.en, one.basis.citation, "")
        for service in sop.services.values()
        for one in service.preconditions
        if _RULE.fullmatch(one.id)
    }
    return {**conditions, **rules}


@cache
def enforced() -> Mapping[str, tuple[str, ...]]:
    """Return where the code names each rule, as `path:function`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, tree in _modules(*ROOMS, speaking=_RULE):
        for rule_id, place in _named_in(tree, name):
            found[rule_id].add(place)
    for sector in SECTORS:
        for refusal in sheet_of(sector).get("refusals", ()):
            found[refusal["rule"]].add(f"services/{sector}/rules.toml:{refusal['code']}")
    for one in tomllib.loads((CHECKOUT / "shared/sop/data/preconditions.toml").read_text("utf-8"))["preconditions"]:
        found[one["id"]].add("shared/sop/data/preconditions.toml")
    return {rule_id: tuple(sorted(places)) for rule_id, places in found.items()}


@cache
def proven() -> Mapping[str, tuple[str, ...]]:
    """Return the tests that are marked with each rule, as `path::test`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, tree in _modules("tests", speaking=_MARK):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for rule_id in _marked(node):
                    found[rule_id].add(f"{name}::{node.name}")
    return {rule_id: tuple(sorted(tests)) for rule_id, tests in found.items()}


def sector_part(sector: str) -> tuple[str, ...]:
    """Return a sector's own rules and refusals."""
    sheet = sheet_of(sector)
    rules = (
        (one["id"], one["says"]["en"], one.get("within", one.get("most", "")), code(one["basis"]))
        for one in sheet.get("rules", ())
    )
    refusals = ((code(one["code"]), one["rule"], one["mend"]) for one in sheet.get("refusals", ()))
    return (
        f"## {sector.replace('_', ' ').capitalize()}",
        table(("rule", "says", "limit", "derived from"), rules),
        table(("refusal", "rule", "way out"), refusals),
    )


def _named_in(tree: ast.Module, path: str) -> Iterator[tuple[str, str]]:
    for rule_id in _RULE.findall(ast.get_docstring(tree) or ""):
        yield rule_id, path
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for text in _texts(node):
                for rule_id in _RULE.findall(text):
                    yield rule_id, f"{path}:{node.name}"


def _texts(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _marked(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "rule":
            yield from (arg.value for arg in mark.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def _modules(*rooms: str, speaking: re.Pattern[str]) -> Iterator[tuple[str, ast.Module]]:
    """Yield the path and the tree of each module that has a certain word in it; the others are not parsed."""
    for room in rooms:
        for path in sorted((CHECKOUT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if speaking.search(text):
                yield str(path.relative_to(CHECKOUT)), ast.parse(text)


@cache
def sheet_of(sector: str) -> Mapping[str, Any]:
    """Return a sector's `rules.toml` as it is written."""
    return tomllib.loads((CHECKOUT / "services" / sector / "rules.toml").read_text(encoding="utf-8"))


def _order(rule_id: str) -> tuple[str, int]:
    return rule_id[0], int(re.sub(r"\D", "", rule_id))


def _shortened(places: tuple[str, ...]) -> str:
    shown = ", ".join(code(place) for place in places[:_SHOWN_MOST])
    return shown if len(places) <= _SHOWN_MOST else f"{shown} and {len(places) - _SHOWN_MOST} more"
