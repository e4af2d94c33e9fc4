"""Every code that can reach a caller is in the catalogue, so the reference page of errors is complete."""

import ast
from collections.abc import Iterator
from functools import cache

from shared.kernel import errors
from shared.kernel.errors import MeshError
from shared.wire.codes import CODES, FIELD_CODES
from tests.support.checkout import ROOT

ROOMS = ("shared", "gateway", "services", "mesh")


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the rooms, by its path from the root."""
    modules = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in modules}


@cache
def error_names() -> frozenset[str]:
    """Names of the error classes that take a code first: those of the kernel, and heirs without an own constructor."""
    names = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, MeshError)}
    while True:
        heirs = {
            node.name
            for tree in trees().values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and names & {called(base) for base in node.bases} and not constructs(node)
        }
        if heirs <= names:
            return frozenset(names)
        names |= heirs


def constructs(node: ast.ClassDef) -> bool:
    return any(isinstance(member, ast.FunctionDef) and member.name == "__init__" for member in node.body)


def called(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def codes(names: frozenset[str], *, position: int) -> Iterator[tuple[str, str]]:
    """Each code that stands as text in a call of one of `names`, with where it stands."""
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or called(node.func) not in names:
                continue
            given = [*node.args[position : position + 1], *(k.value for k in node.keywords if k.arg == "code")]
            for value in given:
                yield from ((text, f"{path}:{value.lineno}") for text in texts(value))


def texts(value: ast.expr) -> Iterator[str]:
    """The texts that `value` can be, as far as it is written out: constants, and both sides of a choice."""
    if isinstance(value, ast.IfExp):
        yield from texts(value.body)
        yield from texts(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def test_every_code_of_an_error_is_in_the_catalogue() -> None:
    missing = {(code, where) for code, where in codes(error_names(), position=0) if code not in CODES}
    assert missing == set()


def test_every_code_of_a_reason_is_in_the_catalogue() -> None:
    makers = frozenset(
        {"Reason", "by_rule", "by_consent", "by_service", "by_precondition", "by_urgency", "by_legal_basis"}
    )
    missing = {(code, where) for code, where in codes(makers, position=0) if code not in CODES}
    assert missing == set()


def test_every_code_of_a_fault_is_in_the_catalogue() -> None:
    known = CODES.keys() | FIELD_CODES.keys()
    assert {(code, where) for code, where in codes(frozenset({"FieldFault"}), position=1) if code not in known} == set()


def test_no_code_is_in_the_catalogue_that_nothing_uses() -> None:
    written = {
        node.value
        for path, tree in trees().items()
        if path != "shared/wire/codes.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert CODES.keys() - written == set()
    assert FIELD_CODES.keys() - written == set()


def test_field_codes_and_codes_are_apart() -> None:
    assert CODES.keys() & FIELD_CODES.keys() == set()
