"""The statements that are asked at every turn, written once: to write one takes longer than to answer it.

Shared by all readers of a store: which thread writes a statement does not matter, each writes the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Dialect, Select, Table, bindparam, select

from shared.storage.driver import Parameters, Reader, Template
from shared.storage.shape import Shapes


@dataclass(frozen=True, slots=True)
class Question:
    """A statement with its parameters' names, and how its rows are read."""

    template: Template
    reader: Reader
    names: Mapping[Any, str]

    def asked(self, values: Mapping[Any, Any]) -> tuple[Template, Parameters]:
        """Return the statement with values by the names that the question was made with; an absent one is in it."""
        return self.template, self.template.parameters({self.names[name]: value for name, value in values.items()})


class Texts:
    """The statements of one database, as they are met."""

    def __init__(self, dialect: Dialect) -> None:
        self.shapes = Shapes(dialect)
        self._dialect = dialect
        self._known: dict[Any, Question] = {}

    def equal(self, table: Table, wanted: Mapping[str, Any]) -> Question:
        """Return the question for rows with these values in these columns, in the order of their keys."""
        key = (table, tuple((name, value is None) for name, value in wanted.items()))
        known = self._known.get(key)
        if known is None:
            columns = table.c
            criteria = [_is(columns[name], value) for name, value in wanted.items()]
            statement = select(table).where(*criteria).order_by(*table.primary_key)
            known = self._known[key] = self._question(statement, {name: f"is__{name}" for name in wanted})
        return known

    def among(self, shown: Column[Any], *, by: Column[Any], count: int) -> Question:
        """Return the question for a column of the rows that have one of so many values, named 0, 1 ..., in another."""
        key = (shown, by, count)
        known = self._known.get(key)
        if known is None:
            places = {place: f"one__{place}" for place in range(count)}
            criterion = by.in_([bindparam(name, type_=by.type) for name in places.values()])
            known = self._known[key] = self._question(select(shown).where(criterion), places)
        return known

    def _question(self, statement: Select[Any], names: Mapping[Any, str]) -> Question:
        return Question(Template(statement, self._dialect), Reader(statement.selected_columns, self._dialect), names)


def _is(column: Column[Any], value: object) -> ColumnElement[bool]:
    """Return the criterion that a column has the value that will be named after it; an absent value stands in it."""
    return column.is_(None) if value is None else column == bindparam(f"is__{column.key}", type_=column.type)
