"""What a deployable is told comes through its settings: nothing else looks into the environment."""

import ast

from tests.support.checkout import ROOT

#: Which folder has the settings as files is known before there are settings.
ALLOWED = {"shared/pages/settings.py"}
ROOMS = ("gateway", "services", "shared")


def looks_at_environment(text: str) -> bool:
    """Whether a module reads `os.environ` or calls `os.getenv`."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} for node in ast.walk(ast.parse(text))
    )


def test_only_settings_look_into_the_environment() -> None:
    modules = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    looking = {str(path.relative_to(ROOT)) for path in modules if looks_at_environment(path.read_text())}
    assert len(modules) > 300
    assert looking <= ALLOWED


def test_a_look_into_the_environment_is_found() -> None:
    assert looks_at_environment("import os\nos.environ.get('X')")
    assert looks_at_environment("import os\nos.getenv('X')")
