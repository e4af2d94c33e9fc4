"""The checklist of a gender-sensitive interview: coded items from `checklist.toml`, each with its basis.

Promises that silence is no answer: an item that is left out is refused, as is one that is not on the list.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from services.police.rules.objections import Objection
from shared.sop.cited import Basis, Name
from shared.sop.sector_rules import bases_of_procedure
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources


class Answer(StrEnum):
    """How an item of the checklist stands."""

    DONE = "done"
    NOT_DONE = "not_done"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the checklist."""

    code: str
    says: Name
    basis: Basis


@cache
def checklist() -> tuple[Item, ...]:
    """Return the items in their order. Raises `SopRefused` where one has no basis."""
    path = Path(__file__).with_name("checklist.toml")
    sheet = Sheet(tomllib.loads(path.read_text("utf-8")), f"police/{path.name}")
    sources = Sources(bases_of_procedure())
    items = tuple(Item(each.text("code"), each.name("says"), sources.one(each)) for each in sheet.sheets("items"))
    if len({item.code for item in items}) != len(items):
        raise sheet.refuse("an item is there twice")
    return items


def unanswered(answers: Mapping[str, Answer]) -> Iterator[Objection]:
    """Object to a checklist that leaves out an item, or answers one that is not on the list."""
    codes = [item.code for item in checklist()]
    for code in [*codes, *answers]:
        if (code in answers) is not (code in codes):
            yield Objection("police.checklist", f"/checklist/{code}" if code in codes else "/checklist")
