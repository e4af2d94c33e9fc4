"""Help is given without a police report, without money and without papers (R-08): checked before a service starts.

Where a profile says `open_door`, its own rules and refusals must not speak of such a thing, for to name it there is to
ask for it, and its records must have no field for it. Requests refuse fields they do not know, so nobody can bring one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, Final

from shared.sop.sector_rules import SectorRules
from shared.sop.sheet import SopRefused

#: Words of conditions that are never put, in English and Vietnamese; in names of fields with underscores.
_CONDITION: Final = re.compile(
    r"police[ _-]?(report|letter|paper)|report[ _-]?(no|num)|case[ _-]?number|payment"
    r"|(\b|_)fees?(\b|_)|(\b|_)pa(y|id)(\b|_)|insuranc|passport|household|residen(t|ce)"
    r"|identity[ _-]?(paper|card)|\bid[ _-]?card"
    r"|trình báo|viện phí|thu phí|trả tiền|bảo hiểm|căn cước|chứng minh nhân dân|hộ khẩu|tạm trú|giấy tờ tùy thân",
    re.IGNORECASE,
)


def check_open_door(rules: SectorRules, records: Iterable[type[Any]]) -> None:
    """Check that nothing asks for a report, money or papers (R-08). Raises `SopRefused` naming what does."""
    for place, text in (*_texts(rules), *_names(records)):
        if _CONDITION.search(text):
            raise SopRefused(place, "asks for a police report, money or papers as a condition of help (R-08)")


def _texts(rules: SectorRules) -> Iterator[tuple[str, str]]:
    for rule in rules.rules.values():
        yield from ((rule.id, text) for text in (rule.id, rule.says.vi, rule.says.en))
    for refusal in rules.refusals.values():
        yield from ((refusal.code, text) for text in (refusal.code, refusal.title, refusal.mend))


def _names(records: Iterable[type[Any]]) -> Iterator[tuple[str, str]]:
    for record in records:
        yield from ((record.__name__, field.name) for field in fields(record))
