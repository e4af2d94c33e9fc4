"""Every setting says what it is, in which unit, and a wrong one is answered with how to mend it."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings import GatewaySettings
from shared.agency.settings import AgencySettings
from shared.pages.settings import FrontSettings, SettingsRefused
from tests.support.checkout import ROOT

BOTH = (GatewaySettings, AgencySettings)
UNITS = ("second", "call", "day", "hour", "month")
PROCESS = """
import sys
from shared.kernel.errors import InputRejected, PeerUnavailable
from shared.pages.starting import or_say_why
kinds = {"mend": InputRejected, "later": PeerUnavailable}
@or_say_why
def start(): raise kinds[sys.argv[1]]("keys.unreadable", "The key file does not open with this passphrase.")
start()
"""


@pytest.mark.parametrize("kind", BOTH)
def test_every_setting_says_what_it_is_and_in_which_unit(kind: type[FrontSettings]) -> None:
    for name, field in kind.model_fields.items():
        told = field.description or ""
        assert len(told) > 20, name
        assert told.endswith((".", "...")), name
        assert field.annotation not in {int, float} or any(unit in told.lower() for unit in UNITS), name


WRONG = {
    GatewaySettings: {"public_url": "gateway", "rate_burst": "many", "log_level": "loud", "clock_tolerance": 0},
    AgencySettings: {"gateway_url": "gateway", "webhook_secret": "guess", "log_level": "loud", "clock_tolerance": "x"},
}


@pytest.mark.parametrize("kind", BOTH)
def test_whatever_is_wrong_is_named_with_what_it_is_and_without_its_value(kind: type[FrontSettings]) -> None:
    with pytest.raises(SettingsRefused) as refused:
        kind(**WRONG[kind])
    told = refused.value.message
    missing = [name for name, field in kind.model_fields.items() if field.is_required() and name not in WRONG[kind]]
    for name in (*missing, *WRONG[kind]):
        assert f"MESH_{name.upper()}: " in told
        assert str(kind.model_fields[name].description) in told
    assert not any(str(value) in told.replace("gateway's", "") for value in ("guess", "many", "loud"))


@pytest.mark.parametrize(("what", "status"), [("mend", 78), ("later", 75)])
def test_a_process_that_cannot_start_says_why_in_one_sentence(what: str, status: int, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, what]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == status
    assert ended.stderr == "The key file does not open with this passphrase. (keys.unreadable)\n"
