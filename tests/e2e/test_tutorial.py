"""The tutorial as a newcomer types it: every command block in order, in one shell, against a real mesh."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mesh.programs import CHECKOUT
from tests.support.ports import free_ports
from tests.support.processes import running_mesh

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TUTORIAL = CHECKOUT / "docs" / "tutorial" / "first-referral.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ARRIVES = """
for attempt in $(seq 100); do
  curl -sSf -o arrived.json "$SOCIAL/v1/referrals/$REFERRAL" -H "Authorization: Bearer $SOCIAL_TOKEN" \\
    -H "Access-Reason: test" 2>waiting.txt && break
  sleep 0.1
done
"""
#: What a reader is told to look for, in the order in which it appears.
SEEN = (
    '"state": "active"',
    '"reason": "withheld"',
    '"next": null',
    '"state": "sealed"',
    '"state": "acknowledged"',
    '"code": "sop.staff-gender"',
    '"state": "accepted"',
    "Nguyễn Thị Mẫu",
    '"code": "consent.service"',
    "entries: verified",
    '"kind":"referral"',
    "entry.altered",
    "entries: FAILED",
    '"notified": [',
    '"holders": [',
    '"state": "destroyed"',
)


def script() -> str:
    """Return the commands as they stand in the tutorial, after the start of the mesh."""
    start, *blocks = BLOCK.findall(TUTORIAL.read_text(encoding="utf-8"))
    assert start == "make up\n"
    sends = next(number for number, block in enumerate(blocks) if "REFERRAL=" in block)
    told = [*blocks[: sends + 1], ARRIVES, *blocks[sends + 1 :]]
    return "".join(told).replace(".venv/bin/python ", f"{sys.executable} ")


def test_tutorial_shows_what_it_promises(tmp_path: Path, copied_home: Callable[[Path], Path]) -> None:
    with running_mesh(copied_home(tmp_path / "var"), port_base=free_ports(5)):
        outcome = subprocess.run(
            ["sh", "-u"],
            input=script(), cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    place = 0
    for wanted in SEEN:
        place = outcome.stdout.find(wanted, place)
        assert place >= 0, f"{wanted} is not shown where it should be:\n{outcome.stdout}\n{outcome.stderr}"
    assert outcome.stderr == ""
