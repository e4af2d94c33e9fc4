"""The folder of a mesh: private, whole, and for one mesh at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.home import Home
from mesh.programs import programs_of
from mesh.refusal import CommandRefused
from mesh.roster import AGENCIES, DEPLOYABLES, GATEWAY, Addresses


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_readable_by_nobody_else(home: Home) -> None:
    umask = os.umask(0)
    try:
        home.keep_secrets(GATEWAY, {"MESH_KEY_PASSPHRASE": "four words of chance"})
        home.keep_credentials({"gateway": "http://127.0.0.1:8000"})
    finally:
        os.umask(umask)
    assert [mode(file) for file in home.secret_files(GATEWAY)] == [0o600]
    assert mode(home.secrets_folder(GATEWAY)) == 0o700
    assert mode(home.credentials_file) == 0o600
    assert mode(home.folder(GATEWAY)) == 0o700


def test_secrets_come_back_as_they_were_kept(home: Home) -> None:
    secrets = {"MESH_KEY_PASSPHRASE": "a=b=c", "MESH_WEBHOOK_SECRET": "whsec_x"}
    home.keep_secrets(AGENCIES[0], secrets)
    assert home.secrets(AGENCIES[0]) == secrets


def test_a_secret_that_is_kept_leaves_the_others_as_they_are(home: Home) -> None:
    home.keep_secrets(GATEWAY, {"MESH_KEY_PASSPHRASE": "four words of chance"})
    home.keep_secrets(GATEWAY, {"MESH_BROKER_PASSWORD": "another"})
    assert set(home.secrets(GATEWAY)) == {"MESH_KEY_PASSPHRASE", "MESH_BROKER_PASSWORD"}


def test_no_secret_is_in_the_environment_of_a_process(home: Home) -> None:
    for deployable in DEPLOYABLES:
        home.keep_secrets(
            deployable, {"MESH_KEY_PASSPHRASE": "four words", "MESH_DATABASE_URL": "postgresql://u:pw@h/d"}
        )
    for program in programs_of(home, Addresses()):
        told = {name: value for name, value in program.environment.items() if name.startswith("MESH_")}
        assert not {"MESH_KEY_PASSPHRASE", "MESH_DATABASE_URL", "MESH_WEBHOOK_SECRET"} & told.keys()
        assert "four words" not in str(told)


def test_home_that_was_never_started_holds_nothing(home: Home) -> None:
    assert (home.credentials(), home.state(), home.secrets(GATEWAY)) == (None, None, {})


def test_writing_leaves_no_draft_behind(home: Home) -> None:
    home.keep_credentials({"gateway": "http://127.0.0.1:8000"})
    assert [path.name for path in home.root.iterdir()] == ["credentials.json"]


def test_two_meshes_in_one_home_clash(home: Home) -> None:
    with home.lock(), pytest.raises(CommandRefused, match="already runs"), home.lock():
        pass


def test_home_is_free_again_after_the_mesh_has_ended(home: Home) -> None:
    with home.lock():
        assert home.is_running()
    assert not home.is_running()


def test_home_stays_locked_while_a_process_of_a_killed_mesh_lives(home: Home) -> None:
    waits_for_input = [sys.executable, "-c", "input()"]
    with home.lock() as descriptor:
        orphan = subprocess.Popen(
            waits_for_input, pass_fds=(descriptor,), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    with orphan:
        assert home.is_running()
        orphan.communicate(b"\n")
    assert not home.is_running()
