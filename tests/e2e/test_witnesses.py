"""Four agencies witness the ledger of a mesh that was started as a newcomer starts it, and nobody can set it back."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mesh.home import Home
from tests.e2e.outside import ledger
from tests.support.ports import free_ports
from tests.support.processes import KeptMesh, run_mesh

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def read(home: Home, path: str) -> httpx.Response:
    credentials = home.credentials()
    assert credentials is not None
    return httpx.get(f"{credentials['gateway']}{path}")


def witnessed(home: Home, *, size: int) -> str:
    """The published head, when the witnesses have come so far."""
    until = time.monotonic() + 60
    while True:
        answer = read(home, "/ledger/witnessed-checkpoint")
        if answer.status_code == 200 and ledger.read_checkpoint(answer.text, home.vkey()).size >= size:
            return answer.text
        assert time.monotonic() < until, answer.text
        time.sleep(0.2)


def test_what_has_happened_is_witnessed_by_more_than_half_of_the_agencies(home: Home) -> None:
    story = run_mesh("demo", "--home", str(home.root))
    assert story.returncode == 0, story.stdout + story.stderr
    size = ledger.read_checkpoint(read(home, "/ledger/checkpoint").text, home.vkey()).size
    policy = (home.root / "ledger.policy").read_text()
    names = ledger.cosigners(witnessed(home, size=size), policy)
    assert len(names) >= 3, names
    assert names <= {"police-thanh-hoa", "health-thanh-hoa", "legal-aid-thanh-hoa", "social-thanh-hoa"}


def test_an_auditor_is_told_who_has_seen_the_ledger(home: Home) -> None:
    witnessed(home, size=1)
    outcome = run_mesh("ledger", "verify", "--home", str(home.root))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "entries are witnessed by " in outcome.stdout


def test_an_agency_prints_the_key_that_a_policy_names_it_by(home: Home) -> None:
    line = next(line for line in (home.root / "ledger.policy").read_text().splitlines() if "police" in line)
    vkey = line.split()[2]
    outcome = run_mesh("keys", "witness", "police", "--as", vkey.split("+")[0], "--home", str(home.root))
    assert (outcome.returncode, outcome.stdout.strip()) == (0, vkey)


def test_a_gateway_that_was_set_back_does_not_verify(tmp_path: Path, copied_home: Callable[[Path], Path]) -> None:
    """Whoever owns the gateway puts an old database back, and an auditor's notes are gone: the agencies remember."""
    kept = KeptMesh(copied_home(tmp_path / "home"), port_base=free_ports(5))
    try:
        home = kept.up()
        database = home.root / "gateway" / "data.sqlite"
        kept.down()
        old = shutil.copy(database, tmp_path / "old.sqlite")
        story = run_mesh("demo", "--home", str(kept.up().root))
        assert story.returncode == 0, story.stdout + story.stderr
        witnessed(home, size=ledger.read_checkpoint(read(home, "/ledger/checkpoint").text, home.vkey()).size)
        kept.down()
        for path in (*database.parent.glob("data.sqlite-*"), home.root / "checkpoint.txt"):
            path.unlink(missing_ok=True)
        shutil.copy(old, database)
        outcome = run_mesh("ledger", "verify", "--home", str(kept.up().root))
        assert outcome.returncode == 1, outcome.stdout + outcome.stderr
        assert "A witness has seen a longer ledger" in outcome.stdout
    finally:
        kept.down()
