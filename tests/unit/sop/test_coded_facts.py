"""No coded fact is a place for a name: what is a code is on a list, and everything else has a form of its own."""

from collections.abc import Mapping

import pytest

from shared.kernel.errors import InputRejected
from shared.sop.loader import load_sop
from shared.sop.model import FactField
from shared.wire.facts import check_facts

SOP = load_sop()
NAME = "nguyen-thi-mau"
EVERY = [(facts, name) for facts in (SOP.facts, SOP.event_facts) for name in facts]


@pytest.mark.parametrize(("facts", "name"), EVERY, ids=[name for _, name in EVERY])
def test_no_fact_takes_a_name_but_those_that_name_a_pseudonym_or_an_agency(
    facts: Mapping[str, FactField], name: str
) -> None:
    if facts[name].type in {"actor", "agency"}:
        return
    with pytest.raises(InputRejected, match=r"message\.invalid"):
        check_facts(facts, {name: NAME}, pointer="/data")


@pytest.mark.rule("R-22")
@pytest.mark.parametrize("group", ["hiv", "disabled", "agent_orange"])
def test_the_envelope_does_not_say_that_she_has_legal_aid_because_of_her_health(group: str) -> None:
    with pytest.raises(InputRejected, match=r"message\.invalid"):
        check_facts(SOP.facts, {"legal_aid_group": group}, pointer="/facts")
    assert group not in {value for fact in (SOP.facts | SOP.event_facts).values() for value in fact.values}


@pytest.mark.parametrize("facts", [SOP.facts, SOP.event_facts], ids=["envelope", "event"])
def test_every_listed_value_is_taken(facts: Mapping[str, FactField]) -> None:
    for field in facts.values():
        for value in field.values:
            check_facts(facts, {field.name: value}, pointer="/data")


def test_reasons_for_declining_and_outcomes_are_on_the_lists_of_their_facts() -> None:
    assert set(SOP.decline_reasons) < set(SOP.event_facts["reason"].values)
    assert set(SOP.outcomes) == set(SOP.event_facts["outcome"].values)
    assert "other" in SOP.event_facts["reason"].values
