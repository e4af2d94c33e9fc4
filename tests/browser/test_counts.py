"""The pages of counts, looked at: on a telephone and at a desk, in a mesh that has only just begun."""

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import DESK, PHONE, Window, assert_accessible, screenshot


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_counts_can_be_chosen_without_a_script_and_say_why_there_are_none(window: Window, size: ViewportSize) -> None:
    auditor = window.for_("gateway", "thu", size=size, script=False)
    auditor.open("/console/indicators")
    auditor.page.select_option("#by", "service")
    auditor.page.select_option("#view", "public")
    auditor.page.click("form.ask button")
    assert "view=public" in auditor.page.url
    assert auditor.page.locator(".notice").count() == 1
    assert auditor.page.locator("a[href*='.csv']").count() == 0


@pytest.mark.parametrize("path", ["/console/indicators", "/console/clocks"])
def test_pages_of_counts_are_accessible_and_fit(window: Window, path: str) -> None:
    for size in (PHONE, DESK):
        auditor = window.for_("gateway", "thu", size=size)
        auditor.open(path)
        auditor.page.locator("details summary").first.click()
        assert_accessible(auditor.page)
        screenshot(auditor.page, f"{path.rpartition('/')[2]}-{size['width']}")
        auditor.leave()
