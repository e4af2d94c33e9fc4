"""What a page of counts shows, as a file: CSV after RFC 4180, or JSON.

Promises: nothing else than the page shows; no cell that a spreadsheet would run as a formula, whoever chose its text
(OWASP, CSV injection); on request a byte order mark, without which some spreadsheets misread Vietnamese.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from starlette.responses import Response

from gateway.web.figure_views import COLUMNS, lines
from shared.wire.indicators import FiguresV1

_BOM: Final = "\ufeff"
#: With these a cell is taken for a formula, or hides that it is one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(shown: FiguresV1, *, language: str, with_mark: bool) -> Response:
    """Return what is shown as a table for spreadsheets."""
    text = written([COLUMNS, *lines(shown, language)])
    body = (_BOM + text if with_mark else text).encode()
    return Response(body, media_type="text/csv; charset=utf-8; header=present", headers=_attached(shown, "csv"))


def as_json(shown: FiguresV1) -> Response:
    """Return what is shown as a document."""
    return Response(shown.model_dump_json(), media_type="application/json", headers=_attached(shown, "json"))


def written(rows: Iterable[Sequence[Any]]) -> str:
    """Write rows as RFC 4180 has it: lines end with CRLF, quotes are doubled."""
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel", lineterminator="\r\n")
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet runs: what begins as a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell


def _attached(shown: FiguresV1, ending: str) -> dict[str, str]:
    name = "-".join(["indicators", shown.period, *([shown.by] if shown.by else []), shown.view])
    return {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
