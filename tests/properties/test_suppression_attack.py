"""No number that is hidden follows from those that are shown, whatever is combined (R-23, INV-12).

Small worlds are tried out one and all, with a small threshold: every table there could be, against somebody who knows
the method. Large tables are tried at the real thresholds, against what sums alone tell.
"""

import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.suppression import WHOLE, Part, Verdict, hide, joined, judge
from tests.support.small_numbers import (
    THREE,
    World,
    least,
    narrowed,
    parts_of,
    seen,
    splits_of,
    tables,
    tables_of_shares,
)

PUBLIC, INTERNAL = 11, 5


def keys(count: int) -> list[str]:
    return [str(at) for at in range(count)]


def published(world: World, *, smallest: int, count: int) -> dict[str, int]:
    parts = parts_of(world, keys(count))
    return seen(world, parts, judge(joined(parts), parts, least=least(smallest)))


# Every table there could be.


@pytest.mark.parametrize(("smallest", "count", "most"), [(2, 2, 12), (2, 4, 9), (3, 3, 14), (3, 4, 12), (4, 3, 16)])
def test_whoever_knows_totals_and_method_cannot_narrow_a_hidden_number(smallest: int, count: int, most: int) -> None:
    def publish(world: World) -> dict[str, int]:
        return published(world, smallest=smallest, count=count)

    assert narrowed(tables(count, most=most), publish, to_less_than=smallest) == []


@pytest.mark.parametrize(("smallest", "count", "most"), [(2, 2, 10), (2, 3, 8), (3, 2, 13)])
def test_nor_a_hidden_share_nor_that_all_of_a_group_are_alike(smallest: int, count: int, most: int) -> None:
    def publish(world: World) -> dict[str, int]:
        return published(world, smallest=smallest, count=count)

    worlds = ({**one, **{f"r:{at}": one[f"n:{at}"] - one[f"m:{at}"] for at in keys(count)}} for one in
              tables_of_shares(count, most=most))  # fmt: skip

    def and_the_rest(world: World) -> dict[str, int]:
        found = publish(world)
        return found | {f"r:{at}": world[f"r:{at}"] for at in keys(count) if f"m:{at}" in found and f"n:{at}" in found}

    assert narrowed(worlds, and_the_rest, to_less_than=smallest) == []


SECTORS: Mapping[str, Sequence[str]] = {"A": ("0", "1"), "B": ("2", "3")}


def of_sectors(world: World) -> dict[str, int]:
    """A world of services, with the sizes of their sectors."""
    return {**world, **{f"n:{name}": sum(world[f"n:{one}"] for one in inside) for name, inside in SECTORS.items()}}


def sectors(world: World, smallest: int, *, within: Verdict | None = None) -> Verdict:
    parts = parts_of(world, list(SECTORS))
    below = {name: parts_of(world, inside) for name, inside in SECTORS.items()}
    return judge(joined(parts), parts, least=least(smallest), below=below, within=within)


def test_nor_by_combining_services_with_their_sectors() -> None:
    def publish(world: World) -> dict[str, int]:
        verdict = sectors(world, 2)
        return {f"n:{key}": world[f"n:{key}"] for key in verdict.sizes if key != WHOLE} | (
            {"n:": sum(world[f"n:{name}"] for name in SECTORS)} if WHOLE in verdict.sizes else {}
        )

    assert narrowed(map(of_sectors, tables(4, most=11)), publish, to_less_than=2) == []


def test_nor_by_combining_months_with_the_sectors_of_their_quarter() -> None:
    """Two dimensions of one whole: what is known of one tells of the other only through the whole."""
    months, kinds = ("0", "1", "2"), ("3", "4")

    def publish(world: World) -> dict[str, int]:
        found: dict[str, int] = {}
        for dimension in (months, kinds):
            parts = parts_of(world, dimension)
            found |= seen(world, parts, judge(joined(parts), parts, least=least(2)))
        return found

    worlds = [
        {**{f"n:{at}": size for at, size in zip(months, when, strict=True)},
         **{f"n:{at}": size for at, size in zip(kinds, what, strict=True)}}
        for total in range(9) for when in splits_of(total, 3) for what in splits_of(total, 2)
    ]  # fmt: skip
    assert narrowed(worlds, publish, to_less_than=2) == []


@pytest.mark.parametrize(("narrow", "wide", "most"), [(2, 4, 12), (3, 5, 13), (2, 3, 12)])
def test_nor_by_having_both_views(narrow: int, wide: int, most: int) -> None:
    def publish(world: World) -> dict[str, int]:
        parts = parts_of(world, keys(3))
        inside = judge(joined(parts), parts, least=least(narrow))
        outside = judge(joined(parts), parts, least=least(wide), within=inside)
        assert outside.sizes <= inside.sizes
        return {f"inside {name}": number for name, number in seen(world, parts, inside).items()} | seen(
            world, parts, outside
        )

    def hidden_inside(world: World) -> dict[str, int]:
        found = publish(world)
        return found | {name: world[name] for name in world if f"inside {name}" in found}

    assert narrowed(tables(3, most=most), hidden_inside, to_less_than=narrow) == []


# The attack is able to succeed.


def naive(world: World, *, count: int, smallest: int, how: str) -> dict[str, int]:
    """What is shown by somebody who knows no better; the total always."""
    sizes = [world[f"n:{at}"] for at in keys(count)]
    hidden = {at for at, size in enumerate(sizes) if size < smallest}
    left = sorted((size, at) for at, size in enumerate(sizes) if at not in hidden)
    if how == "with the next smallest":
        while hidden and left and (len(hidden) < 2 or sum(sizes[at] for at in hidden) < smallest):
            hidden.add(left.pop(0)[1])
    if how == "two, in order":
        order = [at for at in range(count) if at not in hidden]
        while hidden and order and (len(hidden) < 2 or sum(sizes[at] for at in hidden) < smallest):
            hidden.add(order.pop(0))
    shown = {f"n:{at}": size for at, size in enumerate(sizes) if at not in hidden}
    return shown if sum(sizes) < smallest else {**shown, "n:": sum(sizes)}


@pytest.mark.parametrize("how", ["small ones alone", "with the next smallest", "two, in order"])
def test_the_attack_breaks_what_others_do(how: str) -> None:
    def publish(world: World) -> dict[str, int]:
        return naive(world, count=4, smallest=3, how=how)

    assert narrowed(tables(4, most=12), publish, to_less_than=3)


def both_views(world: World, *, nested: bool) -> dict[str, int]:
    """What both circles are shown of five parts, at thresholds that lie close together."""
    parts = parts_of(world, keys(5))
    inside = judge(joined(parts), parts, least=least(4))
    outside = judge(joined(parts), parts, least=least(5), within=inside if nested else None)
    return seen(world, parts, inside) | seen(world, parts, outside)


@pytest.mark.parametrize("nested", [False, True])
def test_the_attack_breaks_two_views_unless_one_stands_within_the_other(nested: bool) -> None:
    worlds = ({f"n:{at}": size for at, size in enumerate(sizes)} for sizes in splits_of(20, 5))
    broken = narrowed(worlds, lambda world: both_views(world, nested=nested), to_less_than=4)
    assert bool(broken) is not nested


def test_the_attack_breaks_shares_without_a_second_hidden_one() -> None:
    def publish(world: World) -> dict[str, int]:
        shown = {name: number for name, number in world.items() if name.startswith("n:")}
        shown["m:"] = world["m:0"] + world["m:1"]
        fine = {at for at in "01" if min(world[f"m:{at}"], world[f"n:{at}"] - world[f"m:{at}"]) >= 2}
        return shown | {f"m:{at}": world[f"m:{at}"] for at in fine}

    assert narrowed(tables_of_shares(2, most=9), publish, to_less_than=2)


# Large tables, at the real thresholds: what sums alone tell.


def room(verdict: Verdict, parts: Sequence[Part], *, whole: Part) -> dict[str, int]:
    """How many values sums leave for the size of each hidden part."""
    hidden = [one for one in parts if one.key not in verdict.sizes]
    left = whole.cases - sum(one.cases for one in parts if one.key in verdict.sizes)
    return {one.key: left + 1 if len(hidden) > 1 else 1 for one in hidden}


def room_of_shares(verdict: Verdict, parts: Sequence[Part], *, whole: Part) -> dict[str, int]:
    """How many values are left for how many were met, even to whoever knows all sizes that are shown, exactly."""
    merged = joined([one for one in parts if one.key not in verdict.sizes], "merged")
    units = [one for one in (*parts, merged) if one.key in verdict.sizes or (one.key == "merged" and one.cases)]
    hidden = [one for one in units if one.key not in verdict.shares]
    met = whole.met - sum(one.met for one in units if one.key in verdict.shares)
    cases = sum(one.cases for one in hidden)
    return {
        one.key: min(one.cases, met) - max(0, met - (cases - one.cases)) + 1 for one in hidden if one.key != "merged"
    }


@st.composite
def large_parts(draw: st.DrawFn) -> list[Part]:
    found = []
    for at in range(draw(st.integers(2, 9))):
        cases = draw(st.one_of(st.integers(0, 14), st.integers(0, 60), st.integers(0, 900)))
        met = draw(st.one_of(st.integers(0, cases), st.just(cases), st.integers(max(0, cases - 13), cases)))
        found.append(Part(str(at), cases, met, draw(st.sampled_from([THREE, THREE, frozenset({"one", "two"})]))))
    return found


@given(large_parts(), st.sampled_from([PUBLIC, INTERNAL]))
def test_sums_leave_room_around_every_hidden_number_of_a_large_table(parts: list[Part], smallest: int) -> None:
    whole = joined(parts)
    verdict = judge(whole, parts, least=least(smallest))
    if WHOLE in verdict.sizes:
        assert all(values >= smallest for values in room(verdict, parts, whole=whole).values())
    if WHOLE in verdict.shares:
        assert all(values >= smallest for values in room_of_shares(verdict, parts, whole=whole).values())
    for one in parts:
        assert one.key not in verdict.sizes or (one.cases >= smallest and len(one.agencies) >= 3)
        assert one.key not in verdict.shares or min(one.met, one.rest) >= smallest


def test_three_thousand_tables_of_a_quarter_are_not_narrowed_and_most_is_still_shown() -> None:
    dice, shown, all_parts = random.Random(20261122), 0, 0
    for _ in range(3000):
        parts = [Part(str(at), size, size, THREE) for at, size in enumerate(dice.choices([0, 3, 12, 40, 150], k=8))]
        whole = joined(parts)
        verdict = judge(whole, parts, least=least(PUBLIC))
        assert all(values >= PUBLIC for values in room(verdict, parts, whole=whole).values()) or not verdict.sizes
        shown += len(verdict.sizes - {WHOLE})
        all_parts += sum(one.cases >= PUBLIC for one in parts)
    assert shown > all_parts * 0.6, "what is safe is shown"


def test_what_is_hidden_with_small_numbers_does_not_depend_on_how_large_it_is() -> None:
    few = [Part("0", 50, 0, THREE), Part("1", 3, 0, THREE), Part("2", 400, 0, THREE), Part("3", 12, 0, THREE)]
    hidden = hide(few, {"1"}, enough=lambda some: joined(some).cases >= 22)
    assert hidden == {"1", "3", "2"}
