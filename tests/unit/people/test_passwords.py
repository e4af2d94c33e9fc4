"""Passwords as they are kept where nobody chose quicker ones for a test."""

import pytest
from argon2 import Type, extract_parameters

from shared.kernel.errors import InputRejected
from shared.people.passwords import Passwords

PASSWORD = "four words and a lamp"


def test_a_kept_password_costs_a_guesser_what_rfc_9106_asks_where_memory_is_scarce() -> None:
    """RFC 9106 section 4, second recommendation: argon2id, 64 MiB, three passes, four lanes."""
    cost = extract_parameters(Passwords().hash(PASSWORD))
    assert cost.type is Type.ID
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) >= (64 * 1024, 3, 4)


def test_only_the_password_itself_is_right() -> None:
    passwords = Passwords()
    kept = passwords.hash(PASSWORD)
    assert passwords.is_right(PASSWORD, kept)
    assert not passwords.is_right(PASSWORD + " ", kept)
    assert not passwords.is_right(PASSWORD, None)


@pytest.mark.parametrize("password", ["too short", "a" * 12, "nguyenthuha1", "x" * 201])
def test_what_anybody_would_try_is_refused(password: str) -> None:
    with pytest.raises(InputRejected) as refused:
        Passwords().hash(password, login="nguyenthuha")
    assert refused.value.code in {"password.length", "password.obvious"}
    assert password not in refused.value.message
