"""A chain of referrals as the tree it is: each one beside those that were referred on from it."""

from collections.abc import Iterable, Mapping
from typing import Any

#: Under this name each referral of the tree holds those that were referred on from it.
ONWARD = "onward"


def as_tree(referrals: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Arrange `referrals`, given in the order they were sent, by `referral_id` and `parent_id`.

    Returns the roots; every referral is a copy with a list `onward`. None is lost: one whose parent is not
    among those sent before it (not visible to this party, or wrong) stands as a root.
    """
    roots: list[dict[str, Any]] = []
    known: dict[str, dict[str, Any]] = {}
    for referral in referrals:
        node = {**referral, ONWARD: []}
        parent = known.get(referral.get("parent_id") or "")
        (roots if parent is None else parent[ONWARD]).append(node)
        known.setdefault(node["referral_id"], node)
    return roots
