"""Writing Markdown: headings, tables, pages."""

from collections.abc import Iterable, Sequence
from typing import Final

NOTICE: Final = "<!-- Written by `make docs` from the code. Do not edit: `make check` compares. -->"


def page(title: str, *parts: str) -> str:
    """Return a whole page: title, notice, then the parts with a blank line between."""
    return "\n\n".join([f"# {title}", NOTICE, *(part.strip("\n") for part in parts)]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; line breaks and bars inside a cell are made harmless."""
    lines = [_row(headings), _row(["---"] * len(headings)), *(_row([cell(value) for value in row]) for row in rows)]
    return "\n".join(lines)


def cell(value: object) -> str:
    """Return a value as the text of one cell."""
    return str(value).replace("|", "\\|").replace("\n", " ")


def code(value: object) -> str:
    """Return a value as code; nothing for an empty one."""
    return f"`{value}`" if str(value) else ""


def codes(values: Iterable[object]) -> str:
    """Return values as code, in order, with commas between."""
    return ", ".join(code(value) for value in sorted(map(str, values)))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
