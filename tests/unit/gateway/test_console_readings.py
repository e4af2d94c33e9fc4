"""Whatever is written down of a look has a name on the page that says who looked."""

from typing import get_args

from gateway.web.console.desk import HOME, LINKS, PageKind
from gateway.web.console.readings import PAGES


def test_every_kind_of_page_has_a_name() -> None:
    assert set(PAGES) == set(get_args(PageKind))


def test_every_room_that_refuses_somebody_is_a_kind_of_page() -> None:
    assert {link.path.removeprefix(f"{HOME}/") for link in LINKS} <= set(PAGES)
