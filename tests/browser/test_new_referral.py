"""A new referral and its consent, clicked on the smallest telephone, with script and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, Window, assert_accessible, screenshot


def go_on(page: Page) -> None:
    page.locator("button[value=next]").click()
    page.wait_for_load_state()


def looking(page: Page, *, script: bool) -> Callable[[str], None]:
    """How a page is looked at: axe itself needs script."""

    def look(name: str) -> None:
        if script:
            assert_accessible(page)
        screenshot(page, f"new-{name}-{'script' if script else 'plain'}")

    return look


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_nurse_refers_somebody_and_takes_the_consent_back_at_320_px(window: Window, *, script: bool) -> None:
    nurse = window.for_("health", "lan", size=PHONE, script=script)
    page = nurse.page
    look = looking(page, script=script)
    nurse.open("/new")
    look("start")
    page.locator("main form button.main").first.click()
    look("wants")
    page.locator("details", has=page.locator("#service-SOC-01")).locator("summary").click()
    for box in ("#service-SOC-01", "#urgency-usual", "#age-adult", "#gender-female"):
        page.check(box)
    page.select_option("#language", "vi")
    go_on(page)
    look("consent")
    assert page.locator("main input:checked").count() == 0, "nothing of consent is ticked beforehand"
    agency = page.locator('input[name^="may."]').first.get_attribute("name") or ""
    for kind in ("contact", "safety", "dependants", "preferences"):
        page.check(f'[name="{agency}"][value="{kind}"]')
    for box in ("#mode-new", "#read_aloud", "#grantor-self", "#form-written_signature", '[name="purpose.service"]'):
        page.check(box)
    go_on(page)
    look("whom")
    page.check(f'[name="recipient"][value="{agency.removeprefix("may.")}"]')
    go_on(page)
    look("what")
    go_on(page)
    assert page.locator(".fault").count() == 3, "what is needed is asked for beside its field"
    look("what-missing")
    page.fill('[name="c.contact.safe_contact"]', "Gọi số của bạn, buổi sáng")
    page.select_option('[name="c.safety.band"]', "R2")
    page.fill('[name="c.dependants.count"]', "1")
    go_on(page)
    look("review")
    page.locator('form[action$="/send"] button').click()
    look("sent")
    page.locator('a[href^="/consents/"]').click()
    look("receipt")
    page.locator('a[href$="/withdraw"]').click()
    look("withdraw")
    for box in ("#by-survivor", "#scope-all", "#sure"):
        page.check(box)
    page.locator("button.danger").click()
    look("withdrawal")
    assert "/withdrawal" in page.url
    assert not [one for one in nurse.complaints() if "422" not in one]  # a page shown again, as it was asked to
