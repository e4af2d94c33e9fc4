"""Who must be kept out, by a hash that differs from case to case."""

import base64
import hashlib

from shared.referral.blocked import blocked_hash, is_blocked
from tests.support.builders import CHAIN_ID, POLICE, SHELTER


def test_the_hash_is_the_one_of_the_wire_contract() -> None:
    digest = hashlib.sha256(f"{CHAIN_ID}|{POLICE}".encode()).digest()
    assert blocked_hash(CHAIN_ID, POLICE) == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_the_same_officer_has_another_hash_in_another_case() -> None:
    assert blocked_hash(CHAIN_ID, "officer-12") != blocked_hash(CHAIN_ID[:-1] + "b", "officer-12")


def test_an_agency_or_one_of_its_staff_is_recognised() -> None:
    blocked = (blocked_hash(CHAIN_ID, "officer-12"),)
    assert is_blocked(blocked, chain_id=CHAIN_ID, who=(POLICE, "officer-12"))
    assert not is_blocked(blocked, chain_id=CHAIN_ID, who=(SHELTER,))


def test_an_empty_list_blocks_nobody() -> None:
    assert not is_blocked((), chain_id=CHAIN_ID, who=(POLICE,))
