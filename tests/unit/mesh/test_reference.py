"""The generated reference says what the code says, and drift is noticed."""

from pathlib import Path

from mesh.reference.markdown import table
from mesh.reference.pages import PAGES, outdated, write
from shared.sop.loader import load_sop
from shared.wire.codes import CODES


def test_written_pages_are_up_to_date(tmp_path: Path) -> None:
    assert {path.name for path in write(tmp_path)} == set(PAGES)
    assert outdated(tmp_path) == []
    assert write(tmp_path) == []


def test_page_edited_by_hand_is_out_of_date(tmp_path: Path) -> None:
    write(tmp_path)
    page = tmp_path / "errors.md"
    page.write_text(page.read_text().replace("consent.missing", "consent.absent"))
    assert outdated(tmp_path) == [page]


def test_every_code_has_a_row() -> None:
    page = PAGES["errors.md"]()
    assert [code for code in CODES if f"| `{code}` |" not in page] == []


def test_every_service_type_has_a_section() -> None:
    page = PAGES["procedure.md"]()
    assert [code for code in load_sop().services if f"### {code} " not in page] == []


def test_bar_in_a_cell_does_not_break_its_table() -> None:
    assert table(("a",), [("x|y\nz",)]).splitlines()[-1] == "| x\\|y z |"
