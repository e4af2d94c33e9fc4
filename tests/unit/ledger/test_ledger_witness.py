"""What a witness is sent, and when it agrees: only to a ledger that begins with what it knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import InputRejected, MeshError
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.tree import EMPTY_ROOT, consistency_proof
from shared.ledger.witness import MovedOn, Submission, check_growth
from tests.support.ledger import MemoryLedger

ORIGIN = "mesh.example/ledger"
SIZES = st.integers(0, 40)


def ledger(size: int, *, forked_at: int | None = None) -> MemoryLedger:
    """A ledger of so many entries; another one from the place where it was forked."""
    other = size if forked_at is None else forked_at
    return MemoryLedger([f"{'other' if index >= other else 'entry'} {index}".encode() for index in range(size)])


def head(source: MemoryLedger, size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, source.frontier.root() if size else EMPTY_ROOT)


def submitted(old: int, source: MemoryLedger, size: int) -> Submission:
    proof = tuple(consistency_proof(old, size, source)) if old <= size else ()
    return Submission(old, proof, f"{head(source, size).body()}\n— {ORIGIN} c2lnbmF0dXJl\n")


def refusal(submission: Submission, known: Checkpoint | None) -> MeshError:
    with pytest.raises(MeshError) as refused:
        check_growth(submission, known=known)
    return refused.value


@given(SIZES, SIZES)
def test_a_submission_is_read_as_it_was_written(old: int, more: int) -> None:
    made = submitted(old, ledger(old + more), old + more)
    assert Submission.parse(made.text()) == made


@given(SIZES, SIZES)
def test_whatever_only_grew_is_agreed_to(old: int, more: int) -> None:
    known = head(ledger(old), old) if old else None
    source = ledger(old + more)
    assert check_growth(submitted(old, source, old + more), known=known) == head(source, old + more)


@given(st.integers(1, 40), SIZES, st.data())
def test_a_ledger_whose_past_was_changed_is_never_agreed_to(old: int, more: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, old - 1))
    forked = ledger(old + more, forked_at=place)
    known = head(ledger(old), old)
    assert refusal(submitted(old, forked, old + more), known).code == "witness.inconsistent"


def test_who_does_not_know_what_is_known_here_is_told() -> None:
    known = head(ledger(7), 7)
    for old in (0, 3, 8):
        moved = refusal(submitted(old, ledger(9), 9), known)
        assert isinstance(moved, MovedOn)
        assert moved.size == 7
    first = refusal(submitted(3, ledger(9), 9), None)
    assert isinstance(first, MovedOn)
    assert first.size == 0


def test_a_proof_that_leads_backwards_is_none() -> None:
    assert refusal(submitted(9, ledger(7), 7), head(ledger(9), 9)).code == "witness.size"


def test_an_empty_ledger_has_the_one_root_that_it_can_have() -> None:
    assert check_growth(submitted(0, ledger(0), 0), known=None).size == 0
    odd = Submission(0, (), f"{Checkpoint(ORIGIN, 0, bytes(32)).body()}\n— {ORIGIN} c2lnbmF0dXJl\n")
    assert refusal(odd, None).code == "witness.inconsistent"


def test_from_nothing_no_proof_is_needed_and_none_is_taken() -> None:
    made = submitted(0, ledger(5), 5)
    assert refusal(Submission(0, (bytes(32),), made.note), None).code == "witness.inconsistent"


@pytest.mark.parametrize(
    "text",
    ["", "old 1", "old 01\n\nx", "old -1\n\nx", "old 1\n", "new 1\n\nx", "old 1\nAAAA\n\nx", f"old 1\n{'A' * 43}=\nx"],
)
def test_what_is_no_submission_is_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refused:
        Submission.parse(text)
    assert refused.value.code == "witness.malformed"


def test_a_proof_longer_than_any_ledger_needs_is_refused() -> None:
    line = "A" * 43 + "=\n"
    assert len(Submission.parse(f"old 1\n{line * 63}\nnote").proof) == 63
    with pytest.raises(InputRejected):
        Submission.parse(f"old 1\n{line * 64}\nnote")
