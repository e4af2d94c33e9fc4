"""An auditor traces a chain with the keyboard alone, down to the proof of one entry."""

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import DESK, PHONE, Clicker, Window, assert_accessible, screenshot

STEPS_MOST = 200


def tab_to(clicker: Clicker, wanted: str) -> None:
    """Press the tabulator key until a link or field has the focus; fails where it never gets it."""
    for _ in range(STEPS_MOST):
        clicker.page.keyboard.press("Tab")
        if clicker.page.evaluate(f"document.activeElement.matches({wanted!r})"):
            return
    pytest.fail(f"{wanted} is not reached with the tabulator key")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_chain_is_traced_with_the_keyboard_alone(window: Window, told: None, size: ViewportSize) -> None:
    thu = window.for_("gateway", "thu", size=size)
    thu.open("/console/chains")
    number = thu.page.locator("th .code").first.inner_text()
    thu.open("/console")
    tab_to(thu, "#number")
    thu.page.keyboard.type(number.replace("-", " ").lower())
    thu.page.keyboard.press("Enter")
    thu.page.wait_for_url("**/console/chains/*")
    assert thu.page.locator(".trouble").count() == 0
    assert thu.page.locator("svg.picture rect").count() > 1
    assert_accessible(thu.page)
    screenshot(thu.page, f"chain-{size['width']}")
    tab_to(thu, 'tr th a[href^="/console/ledger/entries/"]')
    thu.page.keyboard.press("Enter")
    thu.page.wait_for_url("**/console/ledger/entries/*")
    assert thu.page.locator(".notice .good").count() == 1
    assert_accessible(thu.page)
    screenshot(thu.page, f"entry-{size['width']}")
    assert thu.said == []
