"""Names say what a thing owns, and no file carries traces of the machine it was written on."""

import re

from tests.support.checkout import ROOMS, python_files, texts

DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base", "lib", "stuff"}

# Written so that the patterns do not match themselves.
REGISTRY_HOST = re.compile(r"py[p]i\.org|python[h]osted\.org|registry\.np[m]js\.org|deb\.de[b]ian\.org")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:hom[e]|roo[t]|User[s]|wor[k])/\w")
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|NotImplemented[E]rror)\b")


def found(pattern: re.Pattern[str], *, suffixes: tuple[str, ...] = ("",)) -> list[str]:
    """Where `pattern` stands in tracked text, as file:line."""
    return [
        f"{path}:{number}"
        for path, text in texts()
        if str(path).endswith(suffixes)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_module_is_a_drawer() -> None:
    named = [path for path in python_files(*ROOMS, "tests") if {*path.with_suffix("").parts} & DRAWERS]
    assert named == []


def test_no_file_names_a_package_registry() -> None:
    assert found(REGISTRY_HOST) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert found(MACHINE_PATH) == []


def test_no_module_is_left_unfinished() -> None:
    assert found(UNFINISHED, suffixes=(".py",)) == []
