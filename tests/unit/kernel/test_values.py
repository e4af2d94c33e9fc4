"""What is made for every message is compared, hashed and copied like a frozen dataclass, and has its fields only."""

from dataclasses import field, fields, replace

import pytest

from shared.kernel.values import value


@value
class Place:
    code: str
    names: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict, hash=False)


def test_values_are_equal_by_their_fields_and_hashed_so() -> None:
    assert Place("79", ("a",)) == Place(code="79", names=("a",))
    assert len({Place("79"), Place("79"), Place("01")}) == 2


def test_a_copy_with_a_change_leaves_the_first_as_it_was() -> None:
    first = Place("79")
    assert (replace(first, code="01").code, first.code) == ("01", "79")
    assert [one.name for one in fields(first)] == ["code", "names", "notes"]


def test_no_field_can_be_added() -> None:
    with pytest.raises(AttributeError):
        object.__setattr__(Place("79"), "province", "79")
