"""The process of one deployable: `python -m shared.web.server --factory gateway.main:create_app`, as uvicorn takes it.

Owns what has to be settled before the rest of a server is imported. Libraries take along what they happen to find
installed, for a developer at a terminal; a server uses none of it, and `LEFT_OUT` keeps it out of the process, as if it
were not installed: `None` in `sys.modules` (The Python Language Reference, 5.3.1) makes an import fail, and each of
these libraries goes on without. What is left out is not needed by any of them to serve; tests hold that it stays out.
"""

import sys
from typing import Final

#: Colours of a terminal (structlog, httpx), reloading and web sockets (uvicorn), other kinds of threads (structlog,
#: sqlalchemy), models of another age (fastapi): 20 MiB and a fifth of a second that nobody asked for.
LEFT_OUT: Final = ("rich", "pygments", "watchfiles", "websockets", "wsproto", "greenlet", "pydantic.v1")


def leave_out() -> None:
    """Let no library of this process find what a server does not use."""
    sys.modules.update(dict.fromkeys(LEFT_OUT))  # type: ignore[arg-type]  # None is what the import system takes


def leave_unbuilt() -> None:
    """Have the framework's models of an OpenAPI document built when somebody first asks for one."""
    from pydantic import BaseModel  # noqa: PLC0415 - after `leave_out`

    BaseModel.model_config["defer_build"] = True
    import fastapi.openapi.models  # noqa: F401, PLC0415 - what is defined here inherits the above

    del BaseModel.model_config["defer_build"]


def run() -> None:
    """Serve as uvicorn does."""
    leave_out()
    leave_unbuilt()
    from uvicorn.main import main  # noqa: PLC0415 - after `leave_out`

    main()


if __name__ == "__main__":
    run()
