"""A chain as the tree it is; nothing in it is ever lost."""

from shared.referral.chain import as_tree


def a_node(referral_id: str, parent_id: str | None = None) -> dict[str, str | None]:
    """Write one referral."""
    return {"referral_id": referral_id, "parent_id": parent_id}


def test_referrals_hang_under_the_one_they_were_referred_on_from() -> None:
    tree = as_tree([a_node("a"), a_node("b", "a"), a_node("c", "a"), a_node("d", "b")])
    assert tree == [
        {
            **a_node("a"),
            "onward": [
                {**a_node("b", "a"), "onward": [{**a_node("d", "b"), "onward": []}]},
                {**a_node("c", "a"), "onward": []},
            ],
        }
    ]


def test_a_referral_whose_parent_is_not_visible_stands_as_a_root() -> None:
    assert [node["referral_id"] for node in as_tree([a_node("b", "hidden"), a_node("c", "b")])] == ["b"]


def test_a_circle_of_parents_loses_nobody() -> None:
    tree = as_tree([a_node("a", "b"), a_node("b", "a"), a_node("c", "c")])
    assert [node["referral_id"] for node in tree] == ["a", "c"]
    assert [node["referral_id"] for node in tree[0]["onward"]] == ["b"]


def test_the_referrals_given_are_not_changed() -> None:
    given = a_node("a")
    as_tree([given])
    assert given == a_node("a")


def test_no_referrals_make_no_tree() -> None:
    assert as_tree([]) == []
