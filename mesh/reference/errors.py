"""The page of errors: every code, its status, what it means and the way out."""

from collections.abc import Iterator

from mesh.reference.markdown import code, page, table
from mesh.reference.rules import SECTORS, sheet_of
from shared.wire.codes import CODES, FIELD_CODES, CodeEntry
from shared.wire.problem import MEDIA_TYPE, TYPE_PREFIX, status_of

INTRODUCTION = f"""
Every refusal is a problem document (RFC 9457, `{MEDIA_TYPE}`) with a stable `code`; its `type` is
`{TYPE_PREFIX}` and the code. Invalid input has `errors`, each with a JSON Pointer, a code of its own and how to mend
it. A refusal on consent, legal basis or procedure has `reasons`, each with the rule and what the rule is derived from,
and `ledger_index`, where the refusal is recorded. No text repeats what was sent.
"""


def render() -> str:
    """Return the page."""
    return page(
        "Errors",
        INTRODUCTION,
        "## Codes of problems and reasons",
        table(("code", "status", "meaning", "way out"), rows()),
        "## Refusals by the rules of a sector",
        table(("code", "rule", "meaning", "way out"), sector_rows()),
        "## Codes in `errors`",
        table(("code", "meaning"), ((code(name), text) for name, text in sorted(FIELD_CODES.items()))),
    )


def rows() -> Iterator[tuple[str, int, str, str]]:
    """Yield one row for each code, in the order of the codes."""
    for entry in sorted(CODES.values(), key=_by_code):
        yield code(entry.code), status_of(entry.error), entry.title, entry.mend


def sector_rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield one row for each refusal of a sector's own rules."""
    for sector in SECTORS:
        for one in sheet_of(sector).get("refusals", ()):
            yield code(one["code"]), one["rule"], one["title"], one["mend"]


def _by_code(entry: CodeEntry) -> str:
    return entry.code
