"""Commands of the mesh, each in a process of its own, forked from one that has imported everything before.

To import what a command stands on takes longer than most commands. A forked one has arguments, an environment, streams
and an exit code of its own, as any other; what serves is started as an operator starts it. The nursery is a process
without threads that runs one command after another, and it ends with whoever started it.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mesh.programs import CHECKOUT, process_environment
from shared.people import passwords
from tests.support.quick_keys import quick_hasher

__all__ = ["run_command"]

#: What most commands import when they run.
_OFTEN = ("mesh.audit", "mesh.demo.run", "mesh.provisioning", "mesh.rotation", "mesh.screens", "mesh.up")


def run_command(
    *words: str, environment: Mapping[str, str], within: float = 120, quick_passwords: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run `python -m mesh` with these words to its end. Raises `TimeoutError` when it does not come.

    With `quick_passwords` those that it makes are kept at the least cost that argon2 has, and checked at it ever after:
    for tests that are not about how long that takes.
    """
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        asked = {"words": words, "environment": dict(environment), "out": str(out), "err": str(err)}
        asked["quick_passwords"] = quick_passwords
        code = _nursery().ask(asked, within=within)
        return subprocess.CompletedProcess(list(words), code, out.read_text(), err.read_text())


class _Nursery:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            cwd=CHECKOUT, env=process_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._one_at_a_time = threading.Lock()
        atexit.register(self.close)

    def ask(self, asked: Mapping[str, Any], *, within: float) -> int:
        with self._one_at_a_time:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            impatience = threading.Timer(within, self._process.kill)
            impatience.start()
            said = self._process.stdout.readline()
            impatience.cancel()
            if not said:
                _nursery.cache_clear()
                raise TimeoutError(f"{' '.join(asked['words'])} did not end within {within} s")
            return int(said)

    def close(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()


@cache
def _nursery() -> _Nursery:
    return _Nursery()


def main() -> None:
    """Run what is asked for on the standard input, and say how each ended."""
    for name in _OFTEN:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_ended(json.loads(line)))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _ended(asked: Mapping[str, Any]) -> int:
    """Run one command in this process, and return how it ended."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    for stream, path in enumerate((os.devnull, asked["out"], asked["err"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), stream)
    sys.argv = ["mesh", *asked["words"]]
    if asked["quick_passwords"]:
        passwords.PasswordHasher = quick_hasher  # type: ignore[assignment,misc]  # makes one
    try:
        return _code()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _code() -> int:
    from mesh.cli import run

    try:
        run()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
            return 1
        return end.code or 0
    except BaseException:  # noqa: BLE001 - as the interpreter itself ends
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
