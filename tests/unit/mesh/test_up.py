"""Starting and stopping a mesh: clashes are told clearly, and nothing of it survives `down`."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.home import Home
from mesh.refusal import CommandRefused
from mesh.roster import AGENCIES, GATEWAY, Addresses, deployable_named
from mesh.up import check_ports, pids_to_stop, runs_a_deployable, state_of, stop


def test_port_of_another_program_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandRefused, match=str(port)):
            check_ports(Addresses(port - GATEWAY.offset))


def test_down_without_a_mesh_does_nothing(tmp_path: Path) -> None:
    assert stop(Home(tmp_path)) is False


def test_second_start_says_where_the_first_one_answers(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.keep_state(state_of(Addresses(9000), {}))
    with home.lock(), pytest.raises(CommandRefused, match=r"http://127\.0\.0\.1:9000"), home.lock():
        pass


def test_down_ends_what_a_killed_supervisor_left_behind(tmp_path: Path) -> None:
    home = Home(tmp_path)
    waits = [sys.executable, "-c", "import time; time.sleep(60)", GATEWAY.factory]
    with home.lock() as descriptor:
        left = subprocess.Popen(waits, pass_fds=(descriptor,))
    home.keep_state(state_of(Addresses(), {"gateway": left.pid}) | {"pid": dead_pid()})
    with left:
        assert pids_to_stop(home) == [left.pid]
        assert stop(home, within=10)
        left.wait(10)
    assert not home.is_running()


def test_down_spares_a_stranger_that_took_over_the_process_id() -> None:
    assert not runs_a_deployable(os.getpid())


def test_services_follow_the_port_of_the_gateway() -> None:
    addresses = Addresses(9000)
    assert addresses.url(GATEWAY) == "http://127.0.0.1:9000"
    assert [addresses.port(agency) for agency in AGENCIES] == [9001, 9002, 9003, 9004]


def test_service_is_found_by_the_name_a_host_would_have() -> None:
    assert deployable_named("legal-aid") is deployable_named("legal_aid")
    assert deployable_named("fire-brigade") is None


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as short:
        short.wait(20)
    return short.pid
