"""Every page that can be reached by a link, for every role: accessible, narrow enough, silent about the person.

The mesh has told its story before, so that there is something on the pages.
"""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from mesh.demo.case import COMPARTMENTS
from tests.browser.conftest import DESK, PHONE, Clicker, Window, assert_accessible, screenshot

#: Who walks on a telephone: everybody's own pages, and the panels of each sector.
ROLES = [
    ("social", "hoa"), ("health", "lan"), ("police", "minh"), ("legal_aid", "lan"), ("health", "quang"),
    ("gateway", "binh"), ("gateway", "thu"),
]  # fmt: skip
#: Who walks at a desk: one for each set of pages.
DESK_ROLES = [("social", "hoa"), ("health", "quang"), ("gateway", "binh")]
#: What was looked at closely already, by the set of pages, its kind and the window: services share their pages.
LOOKED: set[tuple[str, str, str]] = set()
#: What a template says that was given nothing.
INSIDE = re.compile(r"Traceback|Undefined|>\s*None\s*<")
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d+")
#: Where a link ends the visit, or brings a file instead of a page.
NOT_PAGES = ("/exit", "/assets/", "/docs", "/openapi.json", "/export", "/sign-in/oidc")
MOST = 60
#: What the story knows about her and about him: on no page that a link leads to.
CANARIES = (
    "Nguyễn Thị Mẫu",
    "Chị Mẫu",
    "0900 000 000",
    "hoa sen",
    "Trần Văn Mẫu",
    "She wants a lawyer",
    "second visit",
)


def kind_of(path: str) -> str:
    """What pages of one kind have in common: the path, with a hole for each id."""
    return IDS.sub("{}", path)


def links_of(page: Page) -> list[str]:
    """The paths of this service that a page links to."""
    found = page.eval_on_selector_all("a[href]", "links => links.map(one => one.href)")
    here = urlsplit(page.url).netloc
    paths = [f"{parts.path}?{parts.query}".rstrip("?") for parts in map(urlsplit, found) if parts.netloc == here]
    return [path for path in paths if not any(part in path for part in NOT_PAGES)]


def walk(clicker: Clicker, *, size: str) -> set[str]:
    """Look at one page of each kind that links lead to; return the kinds."""
    waiting, seen = ["/"], set[str]()
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if kind_of(path) in seen:
            continue
        seen.add(kind_of(path))
        assert clicker.open(path) == 200, path
        is_silent(clicker.page)
        look_once(clicker, path, size)
        waiting += links_of(clicker.page)
    return seen


def look_once(clicker: Clicker, path: str, size: str) -> None:
    """Hold that a page of this kind can be used by everybody."""
    service = clicker.login["service"]
    pages = "any" if path.startswith("/account") else "gateway" if service == "gateway" else "agency"
    if (pages, kind_of(path), size) in LOOKED:
        return
    LOOKED.add((pages, kind_of(path), size))
    assert_accessible(clicker.page)
    screenshot(clicker.page, f"{service}-{clicker.login['login']}-{name_of(path)}-{size}")


def is_silent(page: Page) -> None:
    """Hold that a page says neither who she is nor what went wrong inside."""
    said = page.url + page.content()
    assert not INSIDE.search(said), page.url
    assert not [word for word in CANARIES if word in said], f"{page.url} tells who she is"


def name_of(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", kind_of(path).lower()).strip("-") or "home"


@pytest.mark.parametrize(("service", "login"), ROLES, ids=["-".join(one) for one in ROLES])
def test_every_page_on_a_telephone_in_vietnamese(window: Window, told: None, service: str, login: str) -> None:
    clicker = window.for_(service, login, size=PHONE)
    assert len(walk(clicker, size="phone")) > 1
    assert not clicker.complaints(), clicker.complaints()


@pytest.mark.parametrize(("service", "login"), DESK_ROLES, ids=["-".join(one) for one in DESK_ROLES])
def test_every_page_at_a_desk_in_english_and_in_the_dark(window: Window, told: None, service: str, login: str) -> None:
    clicker = window.for_(service, login, size=DESK, color_scheme="dark")
    clicker.speak("English")
    assert len(walk(clicker, size="desk")) > 1


def test_the_words_that_must_not_be_seen_are_those_of_the_story() -> None:
    told = json.dumps(COMPARTMENTS, ensure_ascii=False)
    assert all(word in told for word in CANARIES)
