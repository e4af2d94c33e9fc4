"""Key files that open at once, for tests that are not about how long that takes (which tests/unit/seal checks)."""

from collections.abc import Iterator

import pytest

from shared.seal import keyfile

__all__ = ["quick_key_files"]


@pytest.fixture(scope="module")
def quick_key_files() -> Iterator[None]:
    """Let this process make and open key files at the least cost that scrypt has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyfile, "_COST", {"n": 2, "r": 8, "p": 1})
        yield
