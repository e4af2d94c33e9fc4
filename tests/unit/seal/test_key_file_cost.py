"""A key file costs whoever guesses its passphrase as much as OWASP asks at least."""

import json
from pathlib import Path

import pytest

from shared.kernel.errors import InputRejected
from shared.seal.keys import AgencyKeys

pytestmark = pytest.mark.slow

PASSPHRASE = "correct horse battery"


def test_a_key_file_opens_at_the_cost_it_states_and_under_its_passphrase_alone(tmp_path: Path) -> None:
    path, keys = tmp_path / "keys.json", AgencyKeys.generate()
    keys.save(path, PASSPHRASE)
    stated = json.loads(path.read_text())
    assert (stated["kdf"], stated["n"], stated["r"], stated["p"]) == ("scrypt", 2**15, 8, 3)
    assert AgencyKeys.load(path, PASSPHRASE).public_jwks() == keys.public_jwks()
    with pytest.raises(InputRejected):
        AgencyKeys.load(path, "incorrect horse battery")
    path.write_text(json.dumps({**stated, "n": 2}))
    with pytest.raises(InputRejected):
        AgencyKeys.load(path, PASSPHRASE)
