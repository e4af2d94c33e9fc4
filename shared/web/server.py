"""The process of one deployable: `python -m shared.web.server --factory gateway.main:create_app`, as uvicorn takes it.

Owns what has to be settled before the rest of a server is imported, so that a process takes little memory and starts
soon (docs/decisions/0019-a-server-imports-what-it-serves-with.md): what libraries must not find, when models are built,
how memory is kept. Nothing of it changes an answer.
"""

import ctypes
import sys
from typing import Any, Final

#: Colours of a terminal (structlog, httpx), other kinds of threads (structlog, sqlalchemy), models of another age
#: (fastapi): each of them takes along what it happens to find installed.
LEFT_OUT: Final = ("rich", "pygments", "greenlet", "pydantic.v1")
#: What uvicorn does unless it is told otherwise: nobody here asks for the scheme or the address of a caller.
DEFAULTS: Final[dict[str, Any]] = {"http": "shared.web.protocol:OneWriteProtocol", "proxy_headers": False}
#: `M_ARENA_MAX` of the C library's `mallopt` (malloc.h of glibc).
_ARENAS_MOST: Final = -8


def prepare() -> None:
    """Make this process ready to become a server; call it before anything else is imported."""
    share_one_heap()
    leave_out()
    build_models_late()


def share_one_heap() -> None:
    """Let all threads of this process take memory from the same place (glibc; elsewhere nothing happens).

    By itself each thread gets a place of its own, and what one of them gave back is of no use to the next. Python's
    threads wait for one another anyway.
    """
    settle = getattr(ctypes.CDLL(None), "mallopt", None)
    if settle is not None:
        settle(_ARENAS_MOST, 1)


def leave_out() -> None:
    """Let no library of this process find what a server does not use: each goes on as if it were not installed.

    `None` in `sys.modules` makes an import fail (The Python Language Reference, 5.3.1).
    """
    sys.modules.update(dict.fromkeys(LEFT_OUT))  # type: ignore[arg-type]  # None is what the import system takes


def build_models_late() -> None:
    """Have the check of a message built when the first such message comes, and that of an API document for who asks."""
    from pydantic import BaseModel  # noqa: PLC0415 - after `leave_out`

    BaseModel.model_config["defer_build"] = True


def run() -> None:
    """Serve as uvicorn does."""
    prepare()
    from uvicorn.main import main  # noqa: PLC0415 - after `prepare`

    main(default_map=DEFAULTS)


if __name__ == "__main__":
    run()
