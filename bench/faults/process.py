"""Start the processes under test: `python -m bench.faults.process`, spoken to in lines of JSON.

One parent has imported everything and loaded the keys; each process is forked from it when it is started, so that one
that was killed is back within a second. A forked process has its own id, sockets, threads and database connections,
and is put together by the product's own composition root, with a clock that the harness can shift. What the harness
adds is wrapped around the product's functions here, in this process, and nowhere else.
"""

import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from bench.faults.page import Page, ShiftedClock
from bench.faults.plants import plant
from bench.faults.points import AGENCY, GATEWAY, name_points
from gateway.bootstrap import build_app as build_gateway
from gateway.settings import GatewaySettings
from services.health import main as health
from services.social import main as social
from shared.agency.chassis import Surroundings
from shared.agency.chassis import build_app as build_agency
from shared.agency.settings import load_settings
from shared.seal.keys import AgencyKeys
from shared.sop.loader import load_sop
from shared.web.server import DEFAULTS

_DIE_WITH_PARENT: Final = 1
_AGENCIES: Final[dict[str, Any]] = {"health": health, "social": social}
ANSWER_WITHIN: Final = 1.0


def main() -> None:
    """Start what is asked for, say when it ends; end with standard input."""
    load_sop()
    gc.collect()
    gc.freeze()
    keys: dict[str, AgencyKeys] = {}
    signal.signal(signal.SIGCHLD, lambda _number, _frame: _reap())
    _say(ready=True)
    for line in sys.stdin:
        order = json.loads(line)
        environment = order["environment"]
        file = environment["MESH_KEY_FILE"]
        if file not in keys:
            keys[file] = AgencyKeys.load(Path(file), environment["MESH_KEY_PASSPHRASE"])
        pid = os.fork()
        if pid == 0:
            _become(order, keys[file])
        _say(started=order["name"], pid=pid)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(ended=pid, status=status)


def _say(**facts: Any) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


def _become(order: dict[str, Any], keys: AgencyKeys) -> None:
    """Be one process of the mesh until it is stopped or killed. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(order["environment"])
    page = Page(Path(order["page"]))
    name_points(GATEWAY if order["name"] == GATEWAY else AGENCY, page)
    if order["plant"]:
        plant(order["plant"], order["name"])
    code = 1
    try:
        app = _application(order["name"], page, keys)()
        uvicorn.run(
            app, host="127.0.0.1", port=order["port"], loop="uvloop", access_log=False,
            server_header=False, log_level="warning", timeout_graceful_shutdown=3, **DEFAULTS,
        )  # fmt: skip
        code = 0
    finally:
        os._exit(code)


def _application(name: str, page: Page, keys: AgencyKeys) -> Callable[[], Any]:
    clock = ShiftedClock(page)
    if name == GATEWAY:
        return lambda: build_gateway(GatewaySettings(), clock=clock, keys=keys)
    sector, around = _AGENCIES[name], Surroundings(clock=clock, keys=keys, answer_within=ANSWER_WITHIN)
    return lambda: build_agency(
        sector.PROFILE,
        load_settings(),
        sector_routers=sector.sector_routers,
        panels=sector.PANELS,
        surroundings=around,
    )


if __name__ == "__main__":
    main()
