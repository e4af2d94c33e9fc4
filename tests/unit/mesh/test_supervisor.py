"""Supervised programs: awaited, restarted, stopped; here tiny web servers stand in for the services."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mesh.programs import Program
from mesh.refusal import CommandRefused
from mesh.supervisor import LONGEST_PAUSE, STEADY_AFTER, Supervisor, is_alive, next_pause, wait_until_ready
from tests.support.ports import free_ports

pytestmark = pytest.mark.slow

SERVER = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
FAILING = "import sys; sys.exit('the settings are wrong')"


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    def make(name: str, source: str = SERVER) -> Program:
        port = free_ports()
        command = (sys.executable, "-c", source, str(port))
        return Program(name, command, dict(os.environ), tmp_path / f"{name}.log", f"http://127.0.0.1:{port}")

    return make


class Watched:
    """A supervisor at work in the background, with what it reported."""

    def __init__(self, *programs: Program, on_change: Callable[[dict[str, int]], None] | None = None) -> None:
        self.stop = asyncio.Event()
        self.ready = asyncio.Event()
        self.starts: asyncio.Queue[dict[str, int]] = asyncio.Queue()
        self.faults: asyncio.Queue[str] = asyncio.Queue()
        heard = on_change or self.starts.put_nowait
        self.supervisor = Supervisor(programs, on_change=heard, on_fault=self.faults.put_nowait)
        self.task = asyncio.create_task(self.supervisor.run(stop=self.stop, when_ready=self.ready.set))

    async def until_ready(self) -> dict[str, int]:
        await asyncio.wait_for(self.ready.wait(), 20)
        pids: dict[str, int] = {}
        while not self.starts.empty():
            pids = self.starts.get_nowait()
        return pids

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 20)


async def test_all_programs_answer_before_the_mesh_is_called_ready(program: Callable[..., Program]) -> None:
    one, two = program("one"), program("two")
    watched = Watched(one, two)
    pids = await watched.until_ready()
    assert set(pids) == {"one", "two"}
    await wait_until_ready(one.url, within=5)
    await watched.end()


async def test_stopping_leaves_no_process_behind(program: Callable[..., Program]) -> None:
    watched = Watched(program("one"), program("two"))
    pids = await watched.until_ready()
    await watched.end()
    assert not any(is_alive(pid) for pid in pids.values())


async def test_killed_program_is_started_again(program: Callable[..., Program]) -> None:
    one = program("one")
    watched = Watched(one)
    before = await watched.until_ready()
    os.kill(before["one"], signal.SIGKILL)
    after = await asyncio.wait_for(watched.starts.get(), 20)
    assert after["one"] != before["one"]
    await wait_until_ready(one.url, within=20)
    await watched.end()


async def test_a_program_that_cannot_be_started_for_a_while_is_started_again(program: Callable[..., Program]) -> None:
    one = program("one")
    watched = Watched(one)
    before = await watched.until_ready()
    one.log.unlink()
    one.log.mkdir()  # as when no file can be opened
    os.kill(before["one"], signal.SIGKILL)
    assert "one cannot be started: " in await asyncio.wait_for(watched.faults.get(), 20)
    one.log.rmdir()
    after = await asyncio.wait_for(watched.starts.get(), 20)
    assert after["one"] != before["one"]
    await wait_until_ready(one.url, within=20)
    await watched.end()


async def test_a_program_is_watched_over_while_what_runs_cannot_be_noted(
    program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.supervisor.LONGEST_PAUSE", 0.2)
    noted: asyncio.Queue[dict[str, int]] = asyncio.Queue()
    full = asyncio.Event()

    def note(pids: dict[str, int]) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        noted.put_nowait(pids)

    watched = Watched(one := program("one"), on_change=note)
    await watched.until_ready()
    before = noted.get_nowait()
    full.set()
    os.kill(before["one"], signal.SIGKILL)
    assert "No space left" in await asyncio.wait_for(watched.faults.get(), 20)
    await wait_until_ready(one.url, within=20)
    full.clear()
    after = await asyncio.wait_for(noted.get(), 20)
    assert is_alive(after["one"])
    os.kill(after["one"], signal.SIGKILL)
    assert (await asyncio.wait_for(noted.get(), 20))["one"] not in {before["one"], after["one"]}
    await watched.end()


async def test_whoever_cannot_watch_over_a_program_any_more_ends_loudly(program: Callable[..., Program]) -> None:
    pids: dict[str, int] = {}

    def note(started: dict[str, int]) -> None:
        if pids:
            raise LookupError
        pids.update(started)

    watched = Watched(program("one"), on_change=note)
    await watched.until_ready()
    os.kill(pids["one"], signal.SIGKILL)
    with pytest.raises(LookupError):
        await asyncio.wait_for(watched.task, 20)


async def test_program_that_dies_while_starting_ends_the_start_and_shows_its_log(
    program: Callable[..., Program],
) -> None:
    watched = Watched(program("good"), program("bad", FAILING))
    with pytest.raises(CommandRefused, match=r"bad ended while starting(?s:.*)the settings are wrong"):
        await asyncio.wait_for(watched.task, 20)
    pids = await asyncio.wait_for(watched.starts.get(), 20)
    assert not any(is_alive(pid) for pid in pids.values())


async def test_program_that_ignores_requests_to_end_is_killed(
    program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.supervisor.STOP_WITHIN", 0.2)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER
    watched = Watched(program("stubborn", stubborn))
    pids = await watched.until_ready()
    await watched.end()
    assert not is_alive(pids["stubborn"])


async def test_service_that_never_answers_is_reported() -> None:
    with pytest.raises(CommandRefused, match="did not become ready"):
        await wait_until_ready(f"http://127.0.0.1:{free_ports()}", within=0.3)


def test_pauses_grow_while_a_program_keeps_dying_and_end_after_a_steady_life() -> None:
    pauses, pause = [], 0.0
    for _ in range(9):
        pause = next_pause(pause, lived=0.1)
        pauses.append(pause)
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE
    assert next_pause(pause, lived=STEADY_AFTER) == 0.0
