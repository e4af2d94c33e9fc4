"""A commune clinic on a bad line: little is loaded, and what was written before the line broke is still there."""

from typing import Any

from playwright.sync_api import CDPSession, Error

from tests.browser.conftest import PHONE, Clicker, Window
from tests.browser.steps import go_on, tick, wants
from tests.browser.test_story import SHELTER

#: About what a telephone gets far from the town: 50 kbit/s with most of a second to the other end.
BAD = {"offline": False, "latency": 700, "downloadThroughput": 6_250, "uploadThroughput": 6_250}
CUT = BAD | {"offline": True}
FIRST_PAGE_BYTES = 50_000
FIRST_PAGE_FILES = 3


def line_of(who: Clicker) -> CDPSession:
    """The browser's line to the network."""
    line = who.page.context.new_cdp_session(who.page)
    line.send("Network.enable")
    return line


def test_a_first_page_is_three_files_and_less_than_50_kb_on_the_line(window: Window) -> None:
    nurse = window.for_("health", "lan", size=PHONE, fresh=True)
    line, loaded = line_of(nurse), list[dict[str, Any]]()
    line.send("Network.clearBrowserCache")
    line.send("Network.emulateNetworkConditions", BAD)
    line.on("Network.loadingFinished", lambda finished: loaded.append(finished))  # noqa: PLW0108 - it wants a function
    nurse.open("/inbox")
    nurse.page.wait_for_load_state()
    assert nurse.page.locator("main h1").inner_text()
    assert 1 <= len(loaded) <= FIRST_PAGE_FILES
    assert sum(one["encodedDataLength"] for one in loaded) < FIRST_PAGE_BYTES


def test_what_was_written_before_the_line_broke_is_still_there(window: Window) -> None:
    nurse = window.for_("health", "minh", size=PHONE, fresh=True)
    line = line_of(nurse)
    nurse.open("/new")
    go_on(nurse)
    wants(nurse, SHELTER)
    draft = nurse.page.url
    line.send("Network.emulateNetworkConditions", CUT)
    tick(nurse, "mode", "new")
    try:
        go_on(nurse)
    except Error:
        assert nurse.page.url != draft, "the line is cut"
    line.send("Network.emulateNetworkConditions", BAD | {"latency": 0, "downloadThroughput": -1})
    nurse.open("/new")
    nurse.page.locator('main a[href^="/new/"]').first.click()
    nurse.page.wait_for_load_state()
    nurse.page.goto(draft.replace("/consent", "/wants"))
    assert nurse.page.locator('input[name="service_type"][value="SOC-01"]').is_checked()
