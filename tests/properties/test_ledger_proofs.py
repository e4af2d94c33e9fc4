"""Proofs of the ledger: every one verifies, tiles change nothing, any flipped bit is detected."""

from dataclasses import dataclass
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.tree import (
    Frontier,
    consistency_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.support.ledger import MemoryLedger, inclusion_proof, naive_consistency, naive_path, naive_root

LARGEST = 800
LEDGER = MemoryLedger([str(number).encode() for number in range(LARGEST)])

sizes = st.one_of(st.integers(1, 40), st.sampled_from([255, 256, 257, 511, 512, 513, 768]), st.integers(1, LARGEST))
bits = st.integers(0, 255)


@dataclass(frozen=True)
class Pair:
    """A place or size, and a size that is not smaller."""

    first: int
    second: int


places = sizes.flatmap(lambda size: st.builds(Pair, st.integers(0, size - 1), st.just(size)))
growths = sizes.flatmap(lambda size: st.builds(Pair, st.integers(1, size), st.just(size)))


@cache
def root_of(size: int) -> bytes:
    """The root by its definition, for as many entries as somebody asks about."""
    return naive_root(LEDGER.hashes[:size])


def flip(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")


@given(sizes)
def test_growing_edge_has_the_root_of_the_definition(size: int) -> None:
    frontier = Frontier()
    for leaf in LEDGER.hashes[:size]:
        frontier.append(leaf)
    assert frontier.root() == root_of(size)


@given(places)
def test_inclusion_proof_from_tiles_is_that_of_the_definition_and_verifies(at: Pair) -> None:
    proof = inclusion_proof(at.first, at.second, LEDGER)
    assert proof == naive_path(at.first, LEDGER.hashes[: at.second])
    leaf, root = LEDGER.hashes[at.first], root_of(at.second)
    assert verify_inclusion(leaf, index=at.first, size=at.second, proof=proof, root=root)


@given(growths)
def test_consistency_proof_from_tiles_is_that_of_the_definition_and_verifies(growth: Pair) -> None:
    proof = consistency_proof(growth.first, growth.second, LEDGER)
    assert proof == naive_consistency(growth.first, LEDGER.hashes[: growth.second])
    assert verify_consistency(
        first=growth.first,
        second=growth.second,
        first_root=root_of(growth.first),
        second_root=root_of(growth.second),
        proof=proof,
    )


@given(places, bits, st.data())
def test_flipped_bit_breaks_an_inclusion_proof(at: Pair, bit: int, data: st.DataObject) -> None:
    proof = inclusion_proof(at.first, at.second, LEDGER)
    parts = [LEDGER.hashes[at.first], root_of(at.second), *proof]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = flip(parts[place], bit)
    leaf, root, *path = parts
    assert not verify_inclusion(leaf, index=at.first, size=at.second, proof=path, root=root)


@given(growths, bits, st.data())
def test_flipped_bit_breaks_a_consistency_proof(growth: Pair, bit: int, data: st.DataObject) -> None:
    proof = consistency_proof(growth.first, growth.second, LEDGER)
    parts = [root_of(growth.first), root_of(growth.second), *proof]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = flip(parts[place], bit)
    first_root, second_root, *path = parts
    assert not verify_consistency(
        first=growth.first, second=growth.second, first_root=first_root, second_root=second_root, proof=path
    )


@given(places, st.data())
def test_entry_claimed_to_stand_elsewhere_is_detected(at: Pair, data: st.DataObject) -> None:
    elsewhere = data.draw(st.integers(0, at.second - 1).filter(lambda place: place != at.first) | st.just(at.second))
    proof = inclusion_proof(at.first, at.second, LEDGER)
    assert not verify_inclusion(
        LEDGER.hashes[at.first], index=elsewhere, size=at.second, proof=proof, root=root_of(at.second)
    )


@given(places)
def test_proof_cut_short_or_drawn_out_is_detected(at: Pair) -> None:
    leaf, root = LEDGER.hashes[at.first], root_of(at.second)
    proof = inclusion_proof(at.first, at.second, LEDGER)
    for forged in ([*proof, root], [leaf, *proof], proof[:-1], proof[1:]):
        if forged != proof:
            assert not verify_inclusion(leaf, index=at.first, size=at.second, proof=forged, root=root)


@given(growths)
def test_growth_proof_cut_short_or_drawn_out_is_detected(growth: Pair) -> None:
    first_root, second_root = root_of(growth.first), root_of(growth.second)
    proof = consistency_proof(growth.first, growth.second, LEDGER)
    for forged in ([*proof, second_root], [*proof, *proof], proof[:-1], proof[1:]):
        if forged != proof:
            assert not verify_consistency(
                first=growth.first, second=growth.second, first_root=first_root, second_root=second_root, proof=forged
            )


@given(growths, st.integers(0, LARGEST - 1))
def test_history_rewritten_by_the_operator_is_detected(growth: Pair, altered: int) -> None:
    """The later tree differs from the earlier one in an entry that both cover: no proof joins them."""
    altered %= growth.first
    forged = MemoryLedger()
    forged.hashes = list(LEDGER.hashes)
    forged.hashes[altered] = leaf_hash(b"never happened")
    forged.kept = {
        (height, number): naive_root(forged.hashes[number << height : number + 1 << height])
        for height in (4, 8)
        for number in range(LARGEST >> height)
    }
    proof = consistency_proof(growth.first, growth.second, forged)
    assert not verify_consistency(
        first=growth.first,
        second=growth.second,
        first_root=root_of(growth.first),
        second_root=naive_root(forged.hashes[: growth.second]),
        proof=proof,
    )
