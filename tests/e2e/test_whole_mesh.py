"""Five real processes, started as a newcomer starts them: the story holds, the dead come back, `down` ends all."""

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from mesh.home import Home
from mesh.supervisor import is_alive, wait_until_ready
from tests.support.ports import free_ports
from tests.support.processes import run_mesh

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def pids(home: Home) -> dict[str, int]:
    state = home.state()
    assert state is not None
    return {name: service["pid"] for name, service in state["services"].items()}


def assert_story_holds(home: Home) -> None:
    outcome = run_mesh("demo", "--home", str(home.root))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "the ledger verifies" in outcome.stdout


def test_story_holds_to_its_end_more_than_once(home: Home) -> None:
    for _ in range(2):
        assert_story_holds(home)


def test_story_leaves_no_word_about_her_in_any_log_or_database(home: Home) -> None:
    assert_story_holds(home)
    words = [word.encode() for word in ("Nguyễn Thị Mẫu", "Trần Văn Mẫu", "0900 000 000", "hoa sen")]
    written = [*home.root.glob("logs/*"), *home.root.glob("*/data.sqlite*")]
    assert len(written) > 5
    assert [path.name for path in written if any(word in path.read_bytes() for word in words)] == []


def test_ledger_verifies_and_history_is_remembered(home: Home) -> None:
    for expected in ("ok", "begins with"):
        outcome = run_mesh("ledger", "verify", "--home", str(home.root))
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        assert expected in outcome.stdout


def test_doctor_finds_nothing_wrong(home: Home) -> None:
    outcome = run_mesh("doctor", "--home", str(home.root))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_killed_services_come_back_and_the_story_still_holds(home: Home) -> None:
    before, state = pids(home), home.state()
    assert state is not None
    for name in ("gateway", "police"):
        os.kill(before[name], signal.SIGKILL)
    for name in ("gateway", "police"):
        asyncio.run(wait_until_ready(state["services"][name]["url"]))
    assert_story_holds(home)
    assert {name for name, pid in pids(home).items() if pid != before[name]} == {"gateway", "police"}


def test_second_mesh_in_the_same_home_is_refused(home: Home) -> None:
    outcome = run_mesh("up", "--home", str(home.root), "--port-base", str(free_ports(5)))
    assert outcome.returncode == 1
    assert "already runs" in outcome.stderr


def test_the_story_waits_for_a_mesh_that_does_not_answer_yet_and_leaves_it_running(home: Home) -> None:
    before = pids(home)
    os.kill(before["police"], signal.SIGSTOP)
    goes_on = threading.Timer(4, os.kill, (before["police"], signal.SIGCONT))
    goes_on.start()
    assert_story_holds(home)
    goes_on.join()
    assert (home.is_running(), pids(home)) == (True, before)


def test_demo_without_a_mesh_starts_one_and_leaves_none(tmp_path: Path) -> None:
    outcome = run_mesh("demo", "--home", str(tmp_path), "--port-base", str(free_ports(5)), within=240)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert not Home(tmp_path).is_running()


def test_down_ends_every_process(home: Home) -> None:
    left = pids(home).values()
    outcome = run_mesh("down", "--home", str(home.root))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert not any(is_alive(pid) for pid in left)
