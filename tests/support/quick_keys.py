"""Key files that open at once and passwords that are checked at once, for tests that are not about how long that takes.

How long it takes is held by tests/unit/seal and tests/unit/people.
"""

from collections.abc import Iterator
from functools import partial

import pytest
from argon2 import PasswordHasher

from shared.people import passwords
from shared.seal import keyfile

__all__ = ["quick_hasher", "quick_key_files", "quick_passwords"]

#: Makes what keeps a password at the least cost that argon2 has; whoever checks it takes the cost from what is kept.
quick_hasher = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="module")
def quick_key_files() -> Iterator[None]:
    """Let this process make and open key files at the least cost that scrypt has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyfile, "_COST", {"n": 2, "r": 8, "p": 1})
        yield


@pytest.fixture(scope="module")
def quick_passwords() -> Iterator[None]:
    """Let this process make and check passwords at the least cost that argon2 has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "PasswordHasher", quick_hasher)
        yield
