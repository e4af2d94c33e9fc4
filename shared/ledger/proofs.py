"""Checking proofs, for whoever holds two roots and trusts nobody (RFC 9162 sections 2.1.3.2 and 2.1.4.2).

Malformed proofs are not an error here: they simply do not prove anything.
"""

from collections.abc import Sequence

from shared.ledger.nodes import node_hash


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether `proof` shows that the leaf with this hash stands at `index` of the tree with this root."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    node = leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            place, last = _climb_left_edge(place, last)
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether `proof` shows that the tree of `second` leaves begins with the tree of `first` leaves.

    A tree without leaves is the beginning of every tree.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof
    path = [first_root, *proof] if first.bit_count() == 1 else list(proof)
    return bool(path) and _consistent(first, second, path, (first_root, second_root))


def _consistent(first: int, second: int, path: Sequence[bytes], roots: tuple[bytes, bytes]) -> bool:
    place, last = _climb_right_spine(first - 1, second - 1)
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            place, last = _climb_left_edge(place, last)
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and (old, new) == roots


def _climb_right_spine(place: int, last: int) -> tuple[int, int]:
    while place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _climb_left_edge(place: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the node has no sibling, because the tree ends there."""
    while not place & 1 and place:
        place, last = place >> 1, last >> 1
    return place, last
