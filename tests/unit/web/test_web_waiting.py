"""A service that is started before its database waits, says so, and serves once it can."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from shared.kernel.errors import InputRejected, InternalFault, MeshError, PeerUnavailable
from shared.web.factory import MeshApp
from shared.web.waiting import LONGEST_WAIT, Waiting, patiently
from tests.support.web_app import sample_app

AWAY = PeerUnavailable("storage.unavailable", "Not now.")
BEHIND = InternalFault("storage.schema-behind", "Bring it forward.")
LOCKED = InputRejected("keys.unreadable", "No.")
#: So many attempts are made in about four hours.
A_NIGHT = 1_500


class Stage:
    """Something to build that fails as it is told, and the pauses that were asked for in between."""

    def __init__(self, *faults: MeshError) -> None:
        self.faults = list(faults)
        self.pauses: list[float] = []
        self.go_on = asyncio.Semaphore(0)

    def build(self) -> MeshApp:
        if self.faults:
            raise self.faults.pop(0)
        return sample_app()

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.go_on.acquire()

    def waiting(self) -> Waiting:
        return Waiting(self.build, AWAY, sleep=self.sleep)


class Life:
    """The life of a process, as its server tells it to an application."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self._heard: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self) -> "Life":
        self._task = asyncio.create_task(self._app({"type": "lifespan"}, self._told.get, self._heard.put))
        await self._told.put({"type": "lifespan.startup"})
        assert (await self._heard.get())["type"] == "lifespan.startup.complete"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._told.put({"type": "lifespan.shutdown"})
        assert (await self._heard.get())["type"] == "lifespan.shutdown.complete"
        await self._task


@asynccontextmanager
async def client_of(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as client:
        yield client


async def until(client: httpx.AsyncClient, status: int) -> httpx.Response:
    while (answer := await client.get("/readyz")).status_code != status:
        await asyncio.sleep(0)
    return answer


async def looked(stage: Stage, times: int) -> None:
    while len(stage.pauses) < times:
        await asyncio.sleep(0)


def test_what_can_be_built_at_once_is_the_application_itself() -> None:
    assert isinstance(patiently(sample_app), MeshApp)


@pytest.mark.parametrize("fault", [AWAY, BEHIND])
def test_what_others_mend_is_waited_for(fault: MeshError) -> None:
    assert isinstance(patiently(Stage(fault).build), Waiting)


def test_what_no_waiting_mends_ends_the_start() -> None:
    with pytest.raises(InputRejected):
        patiently(Stage(LOCKED).build)


async def test_while_it_waits_it_is_alive_and_not_ready() -> None:
    stage = Stage()
    app = stage.waiting()
    async with Life(app), client_of(app) as client:
        alive, ready, other = [await client.get(path) for path in ("/livez", "/readyz", "/v1/things")]
        assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
        assert (ready.status_code, other.status_code) == (503, 503)
        assert ready.json()["code"] == "service.not-ready"
        assert ready.headers["retry-after"] == "5"


async def test_it_serves_as_soon_as_it_can_be_built() -> None:
    stage = Stage(AWAY, BEHIND)
    app = stage.waiting()
    async with Life(app), client_of(app) as client:
        assert (await client.get("/readyz")).status_code == 503
        for _ in range(3):
            stage.go_on.release()
        assert (await until(client, 200)).status_code == 200
        assert (await client.get("/v1/things")).status_code == 401
    assert len(stage.pauses) == 3


async def test_pauses_grow_to_a_longest_one() -> None:
    stage = Stage(*[AWAY] * 8)
    app = stage.waiting()
    async with Life(app):
        for times in range(1, 9):
            await looked(stage, times)
            stage.go_on.release()
        await looked(stage, 9)
    wholes = [0.5, 1.0, 2.0, 4.0, 8.0, *[LONGEST_WAIT] * 4]
    assert all(whole / 2 <= pause <= whole for whole, pause in zip(wholes, stage.pauses, strict=True))


@pytest.fixture
def told_to_end() -> Iterator[Callable[[], bool]]:
    ended: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    yield lambda: bool(ended)
    signal.signal(signal.SIGTERM, before)


async def test_what_turns_out_not_to_pass_ends_the_process(told_to_end: Callable[[], bool]) -> None:
    stage = Stage(LOCKED)
    async with Life(stage.waiting()):
        stage.go_on.release()
        while not told_to_end():
            await asyncio.sleep(0)


async def test_it_still_waits_after_a_night(told_to_end: Callable[[], bool]) -> None:
    stage = Stage(*[AWAY] * A_NIGHT)
    for _ in range(A_NIGHT):
        stage.go_on.release()
    async with Life(stage.waiting()):
        while len(stage.pauses) <= A_NIGHT and not told_to_end():
            await asyncio.sleep(0)
    assert not told_to_end()
    assert max(stage.pauses) <= LONGEST_WAIT
