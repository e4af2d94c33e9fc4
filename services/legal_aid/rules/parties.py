"""Who stands on which side: names and numbers brought into one form, so that they can be compared blind (R-11, R-17).

Owns the form: Unicode NFC, one case, single spaces, the tone of a Vietnamese syllable apart from its letters (so that
"hoà" and "hòa" are one), and beside it a form without any marks, as people without a keyboard write. What comes out is
text for a keyed digest and is kept nowhere. Two people are the same when a number of theirs is, or when their names are
and nothing known of when they were born speaks against it: where marks are missing on one side, the bare name decides.
Derived from the fact sheet, section 5 R-11 and section 11 A14 (a conflict is found by blind index, never by name).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

#: The reason under which every case is handed over. "Other" says nothing: `D05` would say whom the centre acts for,
#: and `D01` would be untrue, which a second referral in the same minute could show.
HANDED_OVER: Final = "D99"

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")
_ANY, _UNSAID = "*", "?"
_APART: Final = re.compile(r"[\W_]+")
_YEAR: Final = 4


class Side(StrEnum):
    """On which side of a case somebody stands."""

    CLIENT = "client"
    ADVERSE = "adverse"

    @property
    def other(self) -> "Side":
        """The side that nobody of this one may be on at the same centre."""
        return Side.ADVERSE if self is Side.CLIENT else Side.CLIENT


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody of a case, as far as the referral says who that is."""

    side: Side
    names: tuple[str, ...]
    number: str | None = None
    born: str | None = None  # the year


def parties_of(identity: Mapping[str, Any] | None, perpetrator: Mapping[str, Any] | None) -> tuple[Party, ...]:
    """Return the parties that two compartments of a referral name; a missing compartment names nobody."""
    found = [_party(Side.CLIENT, identity or {}), _party(Side.ADVERSE, perpetrator or {})]
    found += [Party(Side.ADVERSE, _names(other)) for other in (perpetrator or {}).get("others", ())]
    return tuple(party for party in found if party.names or party.number)


def kept(party: Party) -> Iterator[str]:
    """Yield the texts by which a party is found later on."""
    if party.number is not None:
        yield f"number|{_bare(party.number)}"
    for name in party.names:
        years = (_ANY, party.born or _UNSAID) if _is_whole(name) else _known(party.born)
        for form in _forms(name):
            yield from (f"{form}|{year}" for year in years)


def sought(party: Party) -> Iterator[str]:
    """Yield the texts by which the same person would have been kept, where nothing speaks against it."""
    if party.number is not None:
        yield f"number|{_bare(party.number)}"
    whole = (_ANY,) if party.born is None else (party.born, _UNSAID)
    for name in party.names:
        years = whole if _is_whole(name) else _known(party.born)
        for form in _sought_forms(name):
            yield from (f"{form}|{year}" for year in years)


def normal(name: str) -> str:
    """Return a name in the form in which it is compared: its letters with their marks, each syllable's tone last."""
    return " ".join(_syllable(one) for one in _words(name))


def bare(name: str) -> str:
    """Return a name without any marks, as people without a keyboard write it."""
    return " ".join(_bare(one) for one in _words(name))


def _forms(name: str) -> Iterator[str]:
    """Yield how a name is kept: as it was written, bare, and bare again where it was written without marks."""
    yield f"name|{normal(name)}"
    yield f"bare|{bare(name)}"
    if normal(name) == bare(name):
        yield f"unmarked|{bare(name)}"


def _sought_forms(name: str) -> Iterator[str]:
    """Yield how a name is looked for: with its marks or without any; without marks it may be any of the marked ones."""
    if normal(name) == bare(name):
        yield f"bare|{bare(name)}"
    else:
        yield f"name|{normal(name)}"
        yield f"unmarked|{bare(name)}"


def _is_whole(name: str) -> bool:
    """Say whether a name says who somebody is; one syllable alone does so only beside the year of birth."""
    return len(_words(name)) > 1


def _known(born: str | None) -> tuple[str, ...]:
    return () if born is None else (born,)


def _party(side: Side, said: Mapping[str, Any]) -> Party:
    number = said.get("personal_id_number")
    return Party(side, _names(said), None if number is None else str(number), _born(said))


def _names(said: Mapping[str, Any]) -> tuple[str, ...]:
    whole = [said.get("name"), said.get("alias"), *_texts(said.get("other_names"))]
    if said.get("family_name") and said.get("given_name"):
        whole.append(f"{said['family_name']} {said['given_name']}")
    return tuple(dict.fromkeys(str(name) for name in whole if name and _words(str(name))))


def _texts(value: Any) -> Iterable[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else ()


def _born(said: Mapping[str, Any]) -> str | None:
    year = said.get("year_of_birth") or said.get("date_of_birth")
    return None if year is None else str(year)[:_YEAR]


def _words(name: str) -> list[str]:
    return [word for word in _APART.split(unicodedata.normalize("NFC", name).casefold()) if word]


def _syllable(word: str) -> str:
    """Return a syllable with its tone at its end, wherever it was written."""
    letters = unicodedata.normalize("NFD", word)
    tones = "".join(sorted(mark for mark in letters if mark in _TONES))
    return unicodedata.normalize("NFC", "".join(mark for mark in letters if mark not in _TONES)) + tones


def _bare(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.casefold()).replace("đ", "d")
    return "".join(mark for mark in letters if mark.isalnum())
