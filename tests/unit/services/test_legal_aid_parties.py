"""Who is the same person: names and numbers in one form, compared blind."""

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.legal_aid.rules.parties import Party, Side, bare, kept, normal, parties_of, sought
from shared.seal.at_rest import Vault

HUSBAND: dict[str, Any] = {"name": "Trần Văn Hoà", "year_of_birth": 1985}


def same(known: dict[str, Any], seen: dict[str, Any]) -> bool:
    """Whether somebody seen is found among what is kept of somebody known."""
    (one,), (other,) = (parties_of(None, each) for each in (known, seen))
    return not set(kept(one)).isdisjoint(sought(other))


@pytest.mark.rule("R-11")
@pytest.mark.parametrize(
    "written",
    [
        "Trần Văn Hoà",
        "trần  văn hòa",
        "TRẦN VĂN HÒA",
        "Tra\u0302\u0300n Va\u0306n Ho\u0300a",
        "Tran Van Hoa",
        "Trần-Văn Hoà",
    ],
)
def test_a_name_is_found_however_it_was_typed(written: str) -> None:
    assert same(HUSBAND, {"name": written, "year_of_birth": 1985})
    assert same({"name": written}, HUSBAND)


@pytest.mark.parametrize("other", ["Trần Văn Hoa", "Trần Văn Hóa", "Trần Vân Hoà", "Trần Văn Hoài"])
def test_other_marks_are_another_name(other: str) -> None:
    assert not same(HUSBAND, {"name": other, "year_of_birth": 1985})


def test_another_year_of_birth_is_another_person_and_an_unknown_one_is_not() -> None:
    assert not same(HUSBAND, {"name": HUSBAND["name"], "date_of_birth": "1986-01-01"})
    assert same(HUSBAND, {"name": HUSBAND["name"], "date_of_birth": "1985-12-31"})
    assert same(HUSBAND, {"name": HUSBAND["name"]})
    assert same({"name": HUSBAND["name"]}, HUSBAND)


def test_one_syllable_alone_says_who_somebody_is_only_beside_the_year_of_birth() -> None:
    assert not same({"name": "Hoà"}, {"name": "Hoà"})
    assert same({"name": "Hoà", "year_of_birth": 1985}, {"alias": "Hoà", "year_of_birth": 1985})


def test_a_number_is_enough_however_it_is_grouped() -> None:
    one = {"name": "Trần Văn Hoà", "personal_id_number": "038085-001234"}
    assert same(one, {"name": "Lê Văn Tám", "personal_id_number": "038085001234"})


def test_everybody_a_compartment_names_is_a_party() -> None:
    her = {"name": "Nguyễn Thị Mẫu", "other_names": ["Nguyễn Mẫu"], "family_name": "Nguyễn", "given_name": "Mẫu"}
    found = parties_of(her, {"alias": "Tám Lửa", "others": [{"name": "Lê Văn Chín"}, {"relation": "relative"}]})
    assert [(one.side, one.names) for one in found] == [
        (Side.CLIENT, ("Nguyễn Thị Mẫu", "Nguyễn Mẫu")),
        (Side.ADVERSE, ("Tám Lửa",)),
        (Side.ADVERSE, ("Lê Văn Chín",)),
    ]
    assert parties_of(None, None) == ()


@given(st.text(min_size=1, max_size=40))
def test_a_form_is_its_own_form(name: str) -> None:
    """Whatever was typed: the form of a form is itself, in any case and in any normal form of Unicode."""
    assert bare(bare(name)) == bare(name)
    assert normal(name) == normal(f" {name} ")


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxy ", min_size=1, max_size=30), st.integers(1900, 2026))
def test_whoever_is_kept_is_found_by_the_same_words(name: str, year: int) -> None:
    found = parties_of({"name": name, "year_of_birth": year}, None)
    assert all(not set(kept(party)).isdisjoint(sought(party)) for party in found)
    assert bool(found) is bool(normal(name))


def test_a_digest_cannot_be_made_without_the_key_nor_for_another_purpose() -> None:
    """The attacker has the database and the source, and every name; what is missing is the key file."""
    ours, theirs = Vault(b"m" * 32), Vault(b"n" * 32)
    text = next(iter(kept(Party(Side.CLIENT, ("Trần Văn Hoà",)))))
    purpose = "legal-aid/party/client"
    assert ours.blind(text, purpose) == Vault(b"m" * 32).blind(text, purpose)
    guesses = {
        theirs.blind(text, purpose),
        ours.blind(text, "legal-aid/party/adverse"),
        hmac.digest(purpose.encode(), text.encode(), "sha256").hex(),
        hmac.digest(b"", text.encode(), "sha256").hex(),
    }
    assert ours.blind(text, purpose) not in guesses
