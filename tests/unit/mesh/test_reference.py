"""The generated reference says what the code says, and drift is noticed."""

from pathlib import Path
from typing import Any

from mesh.reference.http_api import render_from
from mesh.reference.markdown import table
from mesh.reference.pages import PAGES, outdated, write
from mesh.roster import DEPLOYABLES
from shared.sop.loader import load_sop
from shared.wire.codes import CODES

#: Those that start no service.
QUICK = {name: render for name, render in PAGES.items() if name != "http-api.md"}


def test_written_pages_are_up_to_date(tmp_path: Path) -> None:
    assert {path.name for path in write(tmp_path, pages=QUICK)} == set(QUICK)
    assert outdated(tmp_path, pages=QUICK) == []
    assert write(tmp_path, pages=QUICK) == []


def test_page_edited_by_hand_is_out_of_date(tmp_path: Path) -> None:
    write(tmp_path, pages=QUICK)
    page = tmp_path / "errors.md"
    page.write_text(page.read_text().replace("consent.missing", "consent.absent"))
    assert outdated(tmp_path, pages=QUICK) == [page]


def test_every_code_has_a_row() -> None:
    page = PAGES["errors.md"]()
    assert [code for code in CODES if f"| `{code}` |" not in page] == []


def test_every_service_type_has_a_section() -> None:
    page = PAGES["procedure.md"]()
    assert [code for code in load_sop().services if f"### {code} " not in page] == []


def test_operation_of_all_agencies_stands_once_and_one_of_its_own_under_its_agency() -> None:
    page = render_from({one.name: openapi("/livez", f"/v1/{one.name}") for one in DEPLOYABLES})
    assert page.count("`GET /livez`") == 2  # the gateway, and every agency service
    section = page.partition("## Only the legal-aid service")[2]
    assert "| `GET /v1/legal_aid` | Read | `a.b` | 200, 404 |" in section


def openapi(*paths: str) -> dict[str, Any]:
    operation = {"summary": "Read", "security": [{"bearer": ["a.b"]}], "responses": {"404": {}, "200": {}}}
    return {"paths": {path: {"get": operation} for path in paths}}


def test_bar_in_a_cell_does_not_break_its_table() -> None:
    assert table(("a",), [("x|y\nz",)]).splitlines()[-1] == "| x\\|y z |"
