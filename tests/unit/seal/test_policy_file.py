"""A policy that may come and change while its reader runs; what cannot be read is said, and never a surprise."""

from pathlib import Path

import pytest

from shared.kernel.errors import InputRejected
from shared.seal.policy_file import PolicyFile


def test_a_file_that_comes_later_is_read_when_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "ledger.policy"
    assert (PolicyFile(None).read(), PolicyFile(file).read()) == (None, None)
    file.write_text("quorum none\n")
    found = PolicyFile(file).read()
    assert found is not None
    assert found.quorum == "none"


def test_what_cannot_be_read_is_no_policy(tmp_path: Path) -> None:
    odd = tmp_path / "odd.policy"
    odd.write_bytes(b"quorum \xff\n")
    for path in (tmp_path, odd, tmp_path / ("a" * 300)):
        with pytest.raises(InputRejected) as refusal:
            PolicyFile(path).read()
        assert refusal.value.code == "ledger.policy"
