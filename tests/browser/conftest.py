"""A whole mesh of real processes, and a real browser in front of it.

The browser is Debian's Chromium. Where there is none the tests are skipped aloud; where CI is set that is an error.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from mesh.home import Home
from tests.support.no_skips import is_ci
from tests.support.ports import free_ports
from tests.support.processes import run_mesh, running_mesh

PHONE = {"width": 320, "height": 640}
PATIENCE_MS = 15_000
DESK = {"width": 1280, "height": 900}
MISSING = "There is no Chromium on this machine, so no page was clicked. On Debian: apt-get install chromium"
#: What passed is counted and not described: to describe it takes longer than to look.
_AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}

#: What is pressed, apart from links within a text; a box is pressed with its label.
_TARGETS = "button, .button, nav a, .tabs a, summary, select, textarea, .tick, input:not([type=hidden]):not([type=checkbox]):not([type=radio])"  # noqa: E501
_TOO_SMALL = """selector => [...document.querySelectorAll(selector)]
  .filter(one => one.checkVisibility() && !one.closest(".skip") && !one.classList.contains("skip"))
  .map(one => [Math.round(one.getBoundingClientRect().height), one.outerHTML.slice(0, 80)])
  .filter(([height]) => height > 1 && height < 44)"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A mesh of five processes that every test of this folder shares."""
    with running_mesh(tmp_path_factory.mktemp("clicked") / "home", port_base=free_ports(5)) as home:
        yield home


@pytest.fixture(scope="session")
def told(home: Home) -> None:
    """The mesh has told its whole story once, so that there are referrals of every kind."""
    outcome = run_mesh("demo", "--home", str(home.root))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser, for one module: its driver keeps the thread's event loop, which other tests want back."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        (pytest.fail if is_ci(os.environ) else pytest.skip)(MISSING)
    with sync_playwright() as driver:
        browser = _launch(driver, program)
        yield browser
        browser.close()


def _launch(driver: Playwright, program: str) -> Browser:
    return driver.chromium.launch(executable_path=program, args=["--no-sandbox"])


@dataclass
class Clicker:
    """Somebody at a browser window; everything the page says to the console is kept."""

    page: Page
    url: str
    login: dict[str, Any]
    said: list[str] = field(default_factory=list)
    review: str = ""
    script: bool = True

    def open(self, path: str) -> int:
        """Go to a path of her service; return the status of the answer."""
        answer = self.page.goto(self.url + path)
        return answer.status if answer else 0

    def sign_in(self) -> None:
        """Sign in with her own login."""
        self.open("/sign-in")
        self.page.fill("#login", self.login["login"])
        self.page.fill("#password", self.login["password"])
        self.page.click("button.main")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def speak(self, language: str) -> None:
        """Change the language, unless it is hers already."""
        button = self.page.locator(f'form[action="/language"] button:has-text("{language}")')
        if button.count():
            button.click()
            self.page.wait_for_load_state()

    def complaints(self) -> list[str]:
        """What the pages complained of to the console, but for what a neutral exit says of itself."""
        return [one for one in self.said if "Clear-Site-Data" not in one]

    def press(self, name: str) -> None:
        """Press the button or follow the link with this name."""
        self.page.locator(f'button:has-text("{name}"), a:has-text("{name}")').first.click()
        self.page.wait_for_load_state()


class Window:
    """Opens browser windows for the sample people of a mesh."""

    def __init__(self, browser: Browser, home: Home) -> None:
        self._browser, self._contexts = browser, list[BrowserContext]()
        credentials = home.credentials()
        assert credentials is not None
        self.logins: list[dict[str, Any]] = credentials["logins"]

    def for_(
        self, service: str, login: str, *, size: dict[str, int] = DESK, script: bool = True, **more: Any
    ) -> Clicker:
        """Return somebody of a service, signed in."""
        told = next(one for one in self.logins if (one["service"], one["login"]) == (service, login))
        context = self._browser.new_context(viewport=size, java_script_enabled=script, **more)  # type: ignore[arg-type]
        self._contexts.append(context)
        clicker = Clicker(context.new_page(), told["url"], told, script=script)
        clicker.page.set_default_timeout(PATIENCE_MS)
        clicker.page.on("console", lambda message: clicker.said.append(message.text))
        clicker.page.on("pageerror", lambda error: clicker.said.append(str(error)))
        clicker.sign_in()
        clicker.speak("Tiếng Việt")  # whoever was here before may have chosen the other language
        return clicker

    def close(self) -> None:
        """Close every window."""
        for context in self._contexts:
            context.close()


@pytest.fixture
def window(chromium: Browser, home: Home) -> Iterator[Window]:
    """Browser windows of one test."""
    window = Window(chromium, home)
    yield window
    window.close()


def assert_accessible(page: Page) -> None:
    """Hold that axe finds nothing serious on this page, and that nothing is wider than the window."""
    found = Axe().run(page, options=_AXE).response["violations"]
    grave = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]
    assert not grave, grave
    small = page.evaluate(_TOO_SMALL, _TARGETS)
    assert not small, f"{page.url} has targets that a thumb misses: {small}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px wider than the window"


def screenshot(page: Page, name: str) -> None:
    """Keep a picture where MESH_SCREENSHOTS names a folder."""
    folder = os.environ.get("MESH_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
