"""Encryption at rest: bound to its place, and gone with its key."""

import pytest

from shared.kernel.errors import InternalFault
from shared.seal.at_rest import DataKey, Vault

VAULT = Vault(b"m" * 32)
PLACE = "referral/019aa575/identity"


def unreadable(data_key: DataKey, stored: bytes, context: str = PLACE) -> None:
    with pytest.raises(InternalFault) as fault:
        data_key.decrypt(stored, context=context)
    assert fault.value.code == "at-rest.unreadable"


def test_stored_data_comes_back_under_its_key_and_place() -> None:
    data_key, wrapped = VAULT.new_key("referral/019aa575")
    stored = data_key.encrypt("Người".encode(), context=PLACE)
    assert "Người".encode() not in stored
    assert VAULT.unwrap(wrapped, "referral/019aa575").decrypt(stored, context=PLACE) == "Người".encode()


def test_the_same_text_is_never_stored_twice_the_same() -> None:
    data_key, _ = VAULT.new_key("a")
    assert data_key.encrypt(b"x", context=PLACE) != data_key.encrypt(b"x", context=PLACE)


def test_a_value_moved_to_another_place_does_not_open() -> None:
    data_key, _ = VAULT.new_key("a")
    unreadable(data_key, data_key.encrypt(b"x", context=PLACE), "referral/019aa575/medical")


def test_another_referrals_key_opens_nothing() -> None:
    mine, _ = VAULT.new_key("a")
    other, _ = VAULT.new_key("b")
    unreadable(other, mine.encrypt(b"x", context=PLACE))


def test_a_wrapped_key_moved_to_another_referral_or_vault_does_not_unwrap() -> None:
    _, wrapped = VAULT.new_key("referral/1")
    for vault, context in ((VAULT, "referral/2"), (Vault(b"n" * 32), "referral/1")):
        with pytest.raises(InternalFault):
            vault.unwrap(wrapped, context)


def test_a_wrapped_key_is_no_stored_value() -> None:
    _, wrapped = VAULT.new_key(PLACE)
    unreadable(DataKey(b"m" * 32), wrapped)


def test_bent_and_cut_data_does_not_open() -> None:
    data_key, wrapped = VAULT.new_key("a")
    stored = data_key.encrypt(b"x", context=PLACE)
    for bit in range(len(stored) * 8):
        bent = bytearray(stored)
        bent[bit // 8] ^= 1 << bit % 8
        unreadable(data_key, bytes(bent))
    for length in range(len(stored)):
        unreadable(data_key, stored[:length])
    with pytest.raises(InternalFault):
        VAULT.unwrap(wrapped[:-1], "a")


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(InternalFault):
        Vault(b"short")


def test_keys_do_not_show_themselves() -> None:
    data_key, _ = VAULT.new_key("a")
    assert "mmmm" not in repr(VAULT) + str(VAULT)
    assert repr(data_key).startswith("<shared.seal.at_rest.DataKey object")


def test_a_blinded_text_is_the_same_for_one_key_and_purpose_and_for_no_other() -> None:
    """Nobody who has the database and not the key can try texts against it, nor join two purposes."""
    blinded = VAULT.blind("tran van hoa", "party/client")
    assert blinded == Vault(b"m" * 32).blind("tran van hoa", "party/client")
    others = {
        VAULT.blind("tran van hoa", "party/adverse"),
        VAULT.blind("tran van hoà", "party/client"),
        Vault(b"n" * 32).blind("tran van hoa", "party/client"),
    }
    assert blinded not in others
    assert len(others) == 3
