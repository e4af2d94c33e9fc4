"""Is it alive, is it ready, what does it count: `/livez`, `/readyz`, `/metrics`.

Owns the three addresses that whoever runs a service asks. Promises that readiness means able to serve: it runs the
checks the deployable names (keys unlocked, store writable), and a failing one makes 503. Refuses detail: the answer
names the check, never its error. What it counts is no matter of those outside, whom a proxy keeps from it by its path:
so it has one spelling.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.errors import PeerUnavailable
from shared.telemetry.logs import get_logger
from shared.telemetry.metrics import CONTENT_TYPE, Metrics

_log = get_logger("web")
_CHECK_SECONDS: Final = 5.0
_METRICS: Final = "/metrics"
PATHS: Final = frozenset({"/livez", "/readyz", _METRICS})


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must work before requests are welcome: `run` returns, or raises anything."""

    name: str
    run: Callable[[], Awaitable[None]]


class AliveV1(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class ReadyV1(BaseModel):
    """Everything the service needs works."""

    status: Literal["ready"] = "ready"
    checks: dict[str, Literal["ok"]]


def health_router(checks: Sequence[Check], metrics: Metrics) -> APIRouter:
    """Build the router of the three addresses."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="Is the process alive")
    async def livez() -> AliveV1:
        return AliveV1()

    @router.get("/readyz", summary="Can it serve requests now")
    async def readyz() -> ReadyV1:
        looked = await _look(checks, metrics)
        failed = [name for name, well in looked.items() if not well]
        if failed:
            raise PeerUnavailable("service.not-ready", f"Not ready: {', '.join(failed)}.", retry_after=5)
        return ReadyV1(checks=dict.fromkeys(looked, "ok"))

    @router.get(
        _METRICS,
        summary="Counters and histograms in the Prometheus text format",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics_text(request: Request) -> Response:
        if request.scope["raw_path"] != _METRICS.encode():  # such as /%6detrics, which few proxies know for the same
            raise HTTPException(404)
        await asyncio.gather(metrics.look(), _look(checks, metrics))
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return router


async def _look(checks: Sequence[Check], metrics: Metrics) -> dict[str, bool]:
    """Run all checks at once, and let the metrics tell what came of each."""
    looked = dict(zip([check.name for check in checks], await asyncio.gather(*map(passes, checks)), strict=True))
    for name, well in looked.items():
        metrics.ready(name, passes=well)
    return looked


async def passes(check: Check) -> bool:
    """Say whether a check passes now; what was wrong is in the log."""
    try:
        await asyncio.wait_for(check.run(), _CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever a check raises, it means not ready; type and place are logged
        _log.warning("readiness.failed", code=check.name, exc_info=error)
        return False
    return True
