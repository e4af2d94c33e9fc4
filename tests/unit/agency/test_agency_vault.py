"""A case is one key: without it nothing is read, and nothing is read in another place than its own."""

import pytest

from shared.agency.vault import CaseVault
from shared.kernel.errors import InternalFault
from shared.seal.at_rest import Vault

REFERRAL = "01a1ffba-e906-7203-8163-9eda58ee0399"
OTHER = "01a1ffba-ebc9-740c-93a5-39df0250a427"
CONTENT = {"name": "Nguyễn Thị Mẫu"}


@pytest.fixture
def vault() -> CaseVault:
    return CaseVault(Vault(bytes(range(32))))


def test_what_is_locked_is_read_back_with_the_wrapped_key(vault: CaseVault) -> None:
    case, wrapped = vault.new_referral(REFERRAL)
    stored = case.lock("identity", CONTENT)
    assert "Mẫu".encode() not in stored
    assert vault.open_referral(REFERRAL, wrapped).unlock("identity", stored) == CONTENT


def test_content_moved_to_another_compartment_does_not_open(vault: CaseVault) -> None:
    case, _ = vault.new_referral(REFERRAL)
    with pytest.raises(InternalFault, match=r"at-rest\.unreadable"):
        case.unlock("contact", case.lock("identity", CONTENT))


def test_a_key_moved_to_another_case_does_not_open(vault: CaseVault) -> None:
    _, wrapped = vault.new_referral(REFERRAL)
    with pytest.raises(InternalFault, match=r"at-rest\.unreadable"):
        vault.open_referral(OTHER, wrapped)
    with pytest.raises(InternalFault, match=r"at-rest\.unreadable"):
        vault.open_subject(REFERRAL, wrapped)


def test_two_cases_never_share_a_key(vault: CaseVault) -> None:
    first, _ = vault.new_referral(REFERRAL)
    second, _ = vault.new_referral(REFERRAL)
    with pytest.raises(InternalFault, match=r"at-rest\.unreadable"):
        second.unlock("identity", first.lock("identity", CONTENT))


def test_another_master_key_opens_nothing(vault: CaseVault) -> None:
    _, wrapped = vault.new_subject(REFERRAL)
    with pytest.raises(InternalFault, match=r"at-rest\.unreadable"):
        CaseVault(Vault(bytes(32))).open_subject(REFERRAL, wrapped)


def test_an_entry_of_casework_is_carried_over_to_a_new_key_and_is_bound_to_its_place() -> None:
    vault = CaseVault(Vault(b"m" * 32))
    (old, _), (new, _) = vault.new_referral("1"), vault.new_referral("1")
    moved = old.carried_over(old.enter("hearing/7", "court 3"), new)
    assert new.entry("hearing/7", moved) == "court 3"
    for case, place in ((old, "hearing/7"), (new, "hearing/8")):
        with pytest.raises(InternalFault) as fault:
            case.entry(place, moved)
        assert fault.value.code == "at-rest.unreadable"
