"""Reading of one TOML table: every value typed, every refusal saying where.

A `Sheet` knows its place ("police.toml POL-04 clocks[0]") and which of its keys were read, so that a
misspelt key is refused rather than ignored. Refuses with `SopRefused`; knows nothing of the procedure.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from shared.kernel.errors import InternalFault
from shared.sop.model import Name
from shared.sop.wording import is_barred

_Member = TypeVar("_Member", bound=StrEnum)
_Kind = TypeVar("_Kind")


class SopRefused(InternalFault):
    """The data of the procedure contradicts itself or says something it must not say."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__("sop.refused", f"{where}: {why}")


class Sheet:
    """One table of a TOML file."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._table = table
        self._read: set[str] = set()
        self.where = where

    def refuse(self, why: str) -> SopRefused:
        """Return the refusal of this table, to be raised."""
        return SopRefused(self.where, why)

    def has(self, key: str) -> bool:
        """Tell whether the table has this key."""
        return key in self._table

    def codes(self) -> tuple[str, ...]:
        """Return the keys in the order of the file."""
        return tuple(self._table)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not blank (unless `default` is given and taken)."""
        value = self._typed(key, str, default)
        if not value.strip() and value != default:
            raise self.refuse(f"{key} is empty")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        return self._typed(key, int, default)

    def truth(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        return self._typed(key, bool, default)

    def day(self, key: str) -> date:
        """Return a date."""
        return self._typed(key, date, None)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of different texts; an absent key is an empty list."""
        values = self._typed(key, list, [])
        if not all(isinstance(value, str) and value for value in values):
            raise self.refuse(f"{key} must be a list of texts")
        if len(set(values)) != len(values):
            raise self.refuse(f"{key} names something twice")
        return tuple(values)

    def scalars(self, key: str) -> tuple[str | bool, ...]:
        """Return a list of texts and truth values; an absent key is an empty list."""
        values = self._typed(key, list, [])
        if not all(isinstance(value, str | bool) for value in values):
            raise self.refuse(f"{key} must be a list of codes or of true and false")
        return tuple(values)

    def member(self, key: str, members: type[_Member]) -> _Member:
        """Return the member of an enumeration that the text names."""
        return self._member(key, self.text(key), members)

    def members(self, key: str, members: type[_Member]) -> tuple[_Member, ...]:
        """Return the members that a list names; an absent key is an empty list."""
        return tuple(self._member(key, text, members) for text in self.texts(key))

    def name(self, key: str) -> Name:
        """Return a name, which must be there in Vietnamese and in English and blames nobody (R-26)."""
        sheet = self.sheet(key)
        name = Name(vi=sheet.text("vi"), en=sheet.text("en"))
        sheet.done()
        if is_barred(name.vi) or is_barred(name.en):
            raise sheet.refuse("uses a word that blames her (R-26)")
        return name

    def sheet(self, key: str) -> "Sheet":
        """Return a table inside this one."""
        return Sheet(self._typed(key, dict, None), f"{self.where} {key}")

    def sheets(self, key: str) -> Iterator["Sheet"]:
        """Yield the tables of a list; an absent key is an empty list."""
        for position, table in enumerate(self._typed(key, list, [])):
            if not isinstance(table, dict):
                raise self.refuse(f"{key} must be a list of tables")
            yield Sheet(table, f"{self.where} {key}[{position}]")

    def done(self) -> None:
        """Refuse the table if it has a key that nobody read."""
        unread = sorted(set(self._table) - self._read)
        if unread:
            raise self.refuse(f"unknown key {', '.join(unread)}")

    def _member(self, key: str, text: str, members: type[_Member]) -> _Member:
        if text not in {str(member) for member in members}:
            raise self.refuse(f"{key} has {text}, which is no {members.__name__}")
        return members(text)

    def _typed(self, key: str, kind: type[_Kind], default: _Kind | None) -> _Kind:
        self._read.add(key)
        value = self._table.get(key, default)
        if value is None:
            raise self.refuse(f"{key} is missing")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.refuse(f"{key} must be of type {kind.__name__}")
        return value
