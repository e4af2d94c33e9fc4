"""What the ledger says of why a compartment is opened."""

import pytest

from shared.agency.pages.referral_words import REASONS
from shared.agency.reading import UNSTATED
from shared.referral.conflict import CONFLICT_REASON
from shared.referral.opening import OTHER, filed_reason


@pytest.mark.parametrize("reason", [*REASONS, UNSTATED, CONFLICT_REASON])
def test_reason_that_a_service_of_ours_gives_is_told_as_it_is(reason: str) -> None:
    assert filed_reason(reason) == reason


def test_reason_that_is_on_no_list_is_told_as_another() -> None:
    assert filed_reason("an_invented_name") == OTHER
