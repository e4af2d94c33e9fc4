"""A file is closed once its referral was sealed off, also where a law keeps evidence under a new key."""

from dataclasses import replace

import pytest

from shared.agency.sector.casefile import is_sealed_off
from tests.support.casework import a_referral

ACCEPTED = a_referral("r")


def test_the_file_of_a_case_at_work_is_open() -> None:
    assert not is_sealed_off(ACCEPTED)


@pytest.mark.rule("R-16")
def test_the_file_of_a_case_that_was_sealed_off_is_closed() -> None:
    assert is_sealed_off(replace(ACCEPTED, wrapped_key=None, sealed_off_at="2026-11-22T09:00:00.000Z"))


@pytest.mark.rule("R-16")
def test_it_is_closed_too_where_a_law_keeps_evidence_under_a_new_key() -> None:
    assert is_sealed_off(replace(ACCEPTED, wrapped_key=b"new", sealed_off_at="2026-11-22T09:00:00.000Z"))
