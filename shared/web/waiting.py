"""A service that is started before what it needs: it waits, red, instead of dying and being started again and again.

Owns the time between the start of a process and the moment its database answers at the version it needs. Promises that
services, databases and migrations may be started in any order: meanwhile `/livez` says alive, everything else is
answered 503 (`service.not-ready`), and each attempt is in the log by its code. What no waiting mends, such as a key
file that does not open, ends the process as it would have at once.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from starlette.responses import JSONResponse

from shared.kernel.backoff import backoff
from shared.kernel.errors import MeshError, PeerUnavailable
from shared.telemetry.logs import get_logger
from shared.web.edge import Receive, Scope, Send
from shared.web.factory import MeshApp
from shared.web.health import AliveV1
from shared.web.problems import problem_response

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 10.0

_log = get_logger("web")
_RETRY_AFTER: Final = 5
_MENDED_ELSEWHERE: Final = frozenset({"storage.schema-behind"})

Sleep = Callable[[float], Awaitable[None]]


def passes(fault: MeshError) -> bool:
    """Say whether a fault at the start may be gone later without anybody changing this process."""
    return isinstance(fault, PeerUnavailable) or fault.code in _MENDED_ELSEWHERE


def patiently(build: Callable[[], MeshApp], *, then: Callable[[], None] = lambda: None) -> "MeshApp | Waiting":
    """Build an application, or return one that waits until it can be built; do `then` once it is.

    Raises what does not pass.
    """

    def build_and_then() -> MeshApp:
        app = build()
        then()
        return app

    try:
        return build_and_then()
    except MeshError as fault:
        if not passes(fault):
            raise
        return Waiting(build_and_then, fault)


class Waiting:
    """Answers in the place of an application that cannot be built yet, and becomes it as soon as it can."""

    def __init__(self, build: Callable[[], MeshApp], fault: MeshError, *, sleep: Sleep = asyncio.sleep) -> None:
        self._build, self._sleep = build, sleep
        self._app: MeshApp | None = None
        self._note(fault, 1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/livez":
            await JSONResponse(AliveV1().model_dump())(scope, receive, send)
            return
        not_yet = PeerUnavailable("service.not-ready", "Not ready: starting.", retry_after=_RETRY_AFTER)
        await problem_response(not_yet)(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        over = asyncio.Event()
        life = asyncio.create_task(self._become(over), name="waiting")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        over.set()
        if self._app is None:
            life.cancel()
        with suppress(asyncio.CancelledError):
            await life
        await send({"type": "lifespan.shutdown.complete"})

    async def _become(self, over: asyncio.Event) -> None:
        """Be the application, from when it can be built until the process ends; end the process where it cannot."""
        try:
            app = await self._built()
            async with app.router.lifespan_context(app):
                self._app = app
                await over.wait()
        except Exception as fault:  # noqa: BLE001 - whatever it is, nobody awaits this task before the process ends
            _log.error("service.failed", exc_info=fault)
            os.kill(os.getpid(), signal.SIGTERM)

    async def _built(self) -> MeshApp:
        attempt = 1
        while True:
            await self._sleep(backoff(attempt, first=FIRST_WAIT, longest=LONGEST_WAIT))
            attempt += 1
            try:
                return await asyncio.to_thread(self._build)
            except MeshError as fault:
                if not passes(fault):
                    raise
                self._note(fault, attempt)

    def _note(self, fault: MeshError, attempt: int) -> None:
        _log.warning("service.waits", code=fault.code, attempt=attempt)
