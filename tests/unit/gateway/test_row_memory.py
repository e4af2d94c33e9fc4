"""What is remembered of rows between transactions: never a state that was undone in between."""

from dataclasses import replace
from datetime import timedelta

from gateway.adapters.memory import RowMemory
from gateway.adapters.rows import consent_row
from shared.consent.grant import Consent
from tests.support.builders import NOON, a_consent, a_taking


def read(memory: RowMemory, consent: Consent) -> Consent:
    return memory.consent(consent_row(consent, {}))


def test_the_same_row_is_read_once() -> None:
    memory, consent = RowMemory(), a_consent()
    assert read(memory, consent) is read(memory, consent)


def test_another_taking_in_the_place_of_one_that_was_undone_counts() -> None:
    memory, consent = RowMemory(), a_consent()
    for taking in (a_taking(), a_taking(at=NOON + timedelta(seconds=1))):
        assert read(memory, replace(consent, takings=(taking,))).takings == (taking,)
    assert read(memory, consent).takings == ()


def test_a_consent_that_was_undone_is_forgotten_with_its_id() -> None:
    memory, consent = RowMemory(), a_consent()
    read(memory, consent)
    later = consent.recorded_at + timedelta(seconds=1)
    other = replace(consent, recorded_at=later, purposes=frozenset({"another"}))
    assert read(memory, other) == other
