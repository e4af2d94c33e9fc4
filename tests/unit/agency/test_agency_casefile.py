"""A file is closed once its referral was sealed off, also where a law keeps evidence under a new key."""

from dataclasses import replace

import pytest

from shared.agency.records import Referral
from shared.agency.sector.casefile import is_sealed_off

ACCEPTED = Referral(
    referral_id="r", box="received", chain_id="r", parent_id=None, sender="health", recipient="police", subject="s",
    service_type="POL-03", urgency="prompt", area="38", age_band="adult", incident_at=None, preferences={}, facts={},
    basis={}, consent_id=None, phoned_first=False, blocked=[], sealed=None, state="accepted", due={}, next_due_at=None,
    sent_at="2026-11-22T08:00:00.000Z", wrapped_key=b"key",
)  # fmt: skip


def test_the_file_of_a_case_at_work_is_open() -> None:
    assert not is_sealed_off(ACCEPTED)


@pytest.mark.rule("R-16")
def test_the_file_of_a_case_that_was_sealed_off_is_closed() -> None:
    assert is_sealed_off(replace(ACCEPTED, wrapped_key=None, sealed_off_at="2026-11-22T09:00:00.000Z"))


@pytest.mark.rule("R-16")
def test_it_is_closed_too_where_a_law_keeps_evidence_under_a_new_key() -> None:
    assert is_sealed_off(replace(ACCEPTED, wrapped_key=b"new", sealed_off_at="2026-11-22T09:00:00.000Z"))
