"""Every text of the pages has its Vietnamese, and every translation its text."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

CHECKOUT = Path(__file__).resolve().parents[2]
#: The rooms with pages; what a page says that comes from another module stands with the pages that show it.
ROOMS = [path.parent.parent for path in sorted(CHECKOUT.glob("*/**/locale/vi")) if ".venv" not in path.parts]
BASIS = CHECKOUT / "shared" / "pages"
#: What errors say, and the names of fields of schemas: texts that stand in no template and under no mark.
FOUND_OTHERWISE = ("errors", "fields")
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "says_": None}


def texts_of(room: Path) -> set[str]:
    """The texts that a room marks."""
    options = {"**/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
    found = extract_from_dir(room, METHODS, options, keywords=KEYWORDS, callback=None)
    return {one[0] if isinstance(one, tuple) else one for _, _, one, _, _ in found}


def catalogues_of(room: Path) -> list[tuple[str, Catalog]]:
    """The Vietnamese catalogues of a room, each with its file's name."""
    files = sorted((room / "locale" / "vi").glob("*.po"))
    return [(file.name, read_po(BytesIO(file.read_bytes()), locale="vi", abort_invalid=True)) for file in files]


def test_there_are_rooms_with_pages() -> None:
    assert {path.name for path in ROOMS} >= {"pages", "console"}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(CHECKOUT)))
def test_every_text_is_translated_and_every_translation_is_used(room: Path) -> None:
    marked, known = texts_of(room), translated(room) | translated(BASIS)
    assert sorted(marked - known) == [], "these texts have no Vietnamese"
    unused = translated(room, but=FOUND_OTHERWISE) - marked
    assert sorted(unused if room != BASIS else ()) == [], "nothing says these"


def translated(room: Path, *, but: tuple[str, ...] = ()) -> set[str]:
    """The texts that a room translates, leaving out files whose names begin so."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]
        for name, catalogue in catalogues_of(room)
        for message in catalogue
        if not name.startswith(but) and message.id and message.string and not message.fuzzy
    }


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(CHECKOUT)))
def test_no_text_is_translated_twice_in_a_room(room: Path) -> None:
    seen: dict[str, str] = {}
    for name, catalogue in catalogues_of(room):
        for message in catalogue:
            text = str(message.id)
            assert not text or text not in seen, f"{text!r} stands in {seen.get(text)} and in {name}"
            seen[text] = name


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(CHECKOUT)))
def test_holes_of_a_text_are_holes_of_its_translation(room: Path) -> None:
    faults = [(name, message.id, error) for name, one in catalogues_of(room) for message, errors in one.check()
              for error in errors]  # fmt: skip
    assert not faults


def test_no_text_known_only_at_run_time_is_marked_as_safe() -> None:
    """`_(variable)` would give markup out of a translation as it is; the filter `spoken` escapes what it says."""
    templates = [path for path in CHECKOUT.rglob("templates/**/*.html") if ".venv" not in path.parts]
    assert templates
    assert [str(path) for path in templates if re.search(r"(?<![\w.])_\(\s*[^\"'\s]", path.read_text())] == []
