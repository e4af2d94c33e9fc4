"""A whole mesh of real processes, and a real browser in front of it.

The browser is Debian's Chromium. Where there is none the tests are skipped aloud; where CI is set that is an error.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright, ViewportSize, sync_playwright

from mesh.home import Home
from tests.support.no_skips import is_ci
from tests.support.ports import free_ports
from tests.support.processes import run_mesh, running_mesh

PHONE: ViewportSize = {"width": 320, "height": 640}
PATIENCE_MS = 15_000
DESK: ViewportSize = {"width": 1280, "height": 900}
MISSING = "There is no Chromium on this machine, so no page was clicked. On Debian: apt-get install chromium"
#: What passed is counted and not described: to describe it takes longer than to look.
_AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}

#: What is pressed, apart from links within a text; a box is pressed with its label.
_TARGETS = "button, .button, nav a, .tabs a, summary, select, textarea, .tick, input:not([type=hidden]):not([type=checkbox]):not([type=radio])"  # noqa: E501
#: Every page has axe at hand from its beginning and runs it where somebody looks: to send and compile it for each page
#: took as long as to look. What is looked for: what axe finds, what a thumb misses, what sticks out.
_AT_HAND = f"window.atHand = () => {{ {AXE_SCRIPT} }};"
_LOOK = """async ([options, selector]) => {
  window.axe || atHand();
  const {violations} = await axe.run(document, options);
  const small = [...document.querySelectorAll(selector)]
    .filter(one => one.checkVisibility() && !one.closest(".skip") && !one.classList.contains("skip"))
    .map(one => [Math.round(one.getBoundingClientRect().height), one.outerHTML.slice(0, 80)])
    .filter(([height]) => height > 1 && height < 44);
  const {scrollWidth, clientWidth} = document.documentElement;
  return {grave: violations.map(one => [one.id, one.nodes.slice(0, 3).map(node => node.html)]), small, wide: scrollWidth - clientWidth};
}"""  # noqa: E501
#: What runs for a moment on each page is not worth optimising.
_HASTE = "--js-flags=--no-opt --no-maglev"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, copied_home: Callable[[Path], Path]) -> Iterator[Home]:
    """A mesh of five processes that every test of this folder shares; its people sign in forty times."""
    folder = tmp_path_factory.mktemp("clicked") / "home"
    with running_mesh(copied_home(folder), port_base=free_ports(5)) as home:
        yield home


@pytest.fixture(scope="session")
def told(home: Home) -> None:
    """The mesh has told its whole story once, so that there are referrals of every kind."""
    outcome = run_mesh("demo", "--home", str(home.root))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


class KeptBrowser:
    """A browser with the windows that nobody looks at now: to begin one takes longer than most pages.

    Its driver keeps the thread's event loop, which other tests want back; so it ends with the last test of this folder.
    """

    def __init__(self) -> None:
        self._running, self._browser = ExitStack(), list[Browser]()
        self._idle: dict[bool, list[Page]] = {True: [], False: []}

    def window(self, *, script: bool) -> Page:
        """Return a window that knows of nobody: it holds no cookie, and shows no page of ours.

        It stays where it was, as a browser begins another process for whoever comes from nowhere.
        """
        if not self._idle[script]:
            return self.fresh(script=script)
        page = self._idle[script].pop()
        page.goto(urljoin(page.url, "/livez"))
        page.context.clear_cookies()
        return page

    def fresh(self, *, script: bool) -> Page:
        """Return a window that nobody has looked at."""
        if not self._browser:
            self._browser.append(self._running.enter_context(_launched()))
        page = self._browser[0].new_context(java_script_enabled=script).new_page()
        page.add_init_script(_AT_HAND)
        return page

    def put_back(self, page: Page, *, script: bool) -> None:
        """Keep a window for whoever wants one next."""
        self._idle[script].append(page)

    def end(self) -> None:
        """Close it, where there is one."""
        self._browser.clear()
        for pages in self._idle.values():
            pages.clear()
        self._running.close()


_KEPT = KeptBrowser()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Close the browser before tests of other folders."""
    if nextitem is None or nextitem.path.parent != Path(__file__).parent:
        _KEPT.end()


@contextmanager
def _launched() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        (pytest.fail if is_ci(os.environ) else pytest.skip)(MISSING)
    with sync_playwright() as driver, _launch(driver, program) as browser:
        yield browser


def _launch(driver: Playwright, program: str) -> Browser:
    return driver.chromium.launch(executable_path=program, args=["--no-sandbox", _HASTE])


@dataclass
class Clicker:
    """Somebody at a browser window; everything the page says to the console is kept."""

    page: Page
    url: str
    login: dict[str, Any]
    said: list[str] = field(default_factory=list)
    review: str = ""
    script: bool = True
    leaving: ExitStack = field(default_factory=ExitStack)

    def open(self, path: str) -> int:
        """Go to a path of her service; return the status of the answer."""
        answer = self.page.goto(self.url + path)
        return answer.status if answer else 0

    def leave(self) -> None:
        """Leave the window to whoever comes next."""
        self.leaving.close()

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

    def __init__(self, home: Home) -> None:
        self._open = ExitStack()
        credentials = home.credentials()
        assert credentials is not None
        self.logins: list[dict[str, Any]] = credentials["logins"]

    def for_(
        self,
        service: str,
        login: str,
        *,
        size: ViewportSize = DESK,
        script: bool = True,
        color_scheme: Literal["dark", "light"] = "light",
        fresh: bool = False,
    ) -> Clicker:
        """Return somebody of a service, signed in; at a `fresh` window where what happens to it would stay."""
        told = next(one for one in self.logins if (one["service"], one["login"]) == (service, login))
        page = (_KEPT.fresh if fresh else _KEPT.window)(script=script)
        clicker = Clicker(page, told["url"], told, script=script)
        clicker.leaving.callback(page.context.close if fresh else partial(_KEPT.put_back, page, script=script))
        self._open.callback(clicker.leave)
        clicker.page.set_viewport_size(size)
        clicker.page.emulate_media(color_scheme=color_scheme)
        clicker.page.set_default_timeout(PATIENCE_MS)
        self._hear(clicker)
        clicker.sign_in()
        clicker.speak("Tiếng Việt")  # whoever was here before may have chosen the other language
        return clicker

    def _hear(self, clicker: Clicker) -> None:
        """Keep what the page says for as long as the window is hers."""

        def said(message: ConsoleMessage) -> None:
            clicker.said.append(message.text)

        def broke(error: Error) -> None:
            clicker.said.append(str(error))

        clicker.page.on("console", said)
        clicker.page.on("pageerror", broke)
        clicker.leaving.callback(clicker.page.remove_listener, "console", said)
        clicker.leaving.callback(clicker.page.remove_listener, "pageerror", broke)

    def close(self) -> None:
        """Leave every window."""
        self._open.close()


@pytest.fixture
def window(home: Home) -> Iterator[Window]:
    """Browser windows of one test."""
    window = Window(home)
    yield window
    window.close()


def assert_accessible(page: Page) -> None:
    """Hold that axe finds nothing serious on this page, and that nothing is wider than the window."""
    found = page.evaluate(_LOOK, [_AXE, _TARGETS])
    assert not found["grave"], found["grave"]
    assert not found["small"], f"{page.url} has targets that a thumb misses: {found['small']}"
    assert found["wide"] <= 0, f"{page.url} is {found['wide']} px wider than the window"


def screenshot(page: Page, name: str) -> None:
    """Keep a picture where MESH_SCREENSHOTS names a folder."""
    folder = os.environ.get("MESH_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
