"""The doctor names what is wrong and how to mend it."""

import sys
from pathlib import Path

import pytest

from mesh.doctor import Finding, examine
from mesh.home import PASSPHRASE, Home
from mesh.roster import GATEWAY, Addresses
from mesh.up import state_of
from shared.seal.keys import AgencyKeys
from tests.support.quick_keys import quick_key_files

__all__ = ["quick_key_files"]

pytestmark = pytest.mark.usefixtures("quick_key_files")


def wrong(home: Home) -> dict[str, str]:
    return {finding.subject: finding.mend for finding in examine(home) if not finding.is_well}


def test_home_that_was_never_started_is_told_how_to_start(tmp_path: Path) -> None:
    (mend,) = wrong(Home(tmp_path)).values()
    interpreter, _, words = mend.partition(" ")
    assert Path(interpreter).resolve() == Path(sys.executable).resolve()
    assert words == f"-m mesh up --home {tmp_path}"


def test_credentials_that_others_can_read_are_found(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.keep_credentials({})
    home.credentials_file.chmod(0o644)
    assert any(mend == f"chmod 600 {home.credentials_file}" for mend in wrong(home).values())


def test_keys_under_another_passphrase_are_found(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.keep_credentials({})
    AgencyKeys.generate().save(home.key_file(GATEWAY), "the right passphrase, long")
    home.keep_secrets(GATEWAY, {PASSPHRASE: "another passphrase, long"})
    assert "the keys of gateway open" in wrong(home)
    home.keep_secrets(GATEWAY, {PASSPHRASE: "the right passphrase, long"})
    assert "the keys of gateway open" not in wrong(home)


def test_service_that_does_not_answer_points_to_its_log(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.keep_credentials({})
    home.keep_state(state_of(Addresses(1), {}))
    with home.lock():
        findings = wrong(home)
    told = findings["gateway is ready at http://127.0.0.1:1"]
    assert told.startswith("It does not answer.")
    assert told.endswith("gateway.log")


def test_finding_that_is_well_needs_no_mending() -> None:
    assert Finding("x", is_well=True).mend == ""
