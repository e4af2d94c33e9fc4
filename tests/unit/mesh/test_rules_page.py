"""The page of rules tells the truth: every rule has a place that enforces it and a test, or a stated reason."""

import pytest

from mesh.reference.rules import enforced, proven, stated
from shared.sop.loader import load_sop

#: Rules that are still to be given a marked test are not allowed: this list stays empty.
WANTED = {f"R-{number:02d}" for number in range(1, 29)} | {f"E{number}" for number in range(1, 9)}


def test_every_rule_of_the_fact_sheet_is_on_the_page() -> None:
    assert stated().keys() >= WANTED


@pytest.mark.parametrize("rule_id", sorted(WANTED))
def test_a_rule_is_enforced_and_proven_or_says_why_not(rule_id: str) -> None:
    _, _, why_not = stated()[rule_id]
    assert bool(why_not) is not bool(enforced().get(rule_id) and proven().get(rule_id))


def test_a_reason_for_not_enforcing_is_a_sentence() -> None:
    reasons = [rule.not_enforced for rule in load_sop().rules.values() if rule.not_enforced]
    assert all(len(reason) > 20 and reason.endswith(".") for reason in reasons)
