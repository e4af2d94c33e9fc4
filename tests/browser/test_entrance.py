"""Signing in and leaving, clicked."""

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import DESK, PHONE, Window, assert_accessible, screenshot


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_sign_in_page_is_accessible_and_fits(window: Window, size: ViewportSize) -> None:
    nurse = window.for_("health", "lan", size=size)
    nurse.page.context.clear_cookies()
    nurse.open("/sign-in")
    assert_accessible(nurse.page)
    screenshot(nurse.page, f"sign-in-{size['width']}")


def test_escape_twice_leaves_for_a_neutral_page_and_locks(window: Window) -> None:
    nurse = window.for_("health", "lan", size=PHONE)
    nurse.open("/inbox")
    nurse.page.keyboard.press("Escape")
    nurse.page.keyboard.press("Escape")
    nurse.page.wait_for_url("**/calendar")
    nurse.page.go_back()
    nurse.page.wait_for_load_state()
    assert "/inbox" not in nurse.page.url or nurse.page.locator("#referrals").count() == 0
    nurse.open("/inbox")
    assert "/locked" in nurse.page.url
    assert_accessible(nurse.page)
