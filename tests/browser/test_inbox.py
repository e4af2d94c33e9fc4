"""The inbox in a real browser: by keyboard, on a telephone, and alive while somebody else works."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, Window, assert_accessible, screenshot

NUMBER = re.compile(r"[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}")
#: A little longer than the pages wait until they look again.
REFRESH_MS = 21_000


def test_a_number_is_searched_by_keyboard_on_a_telephone(window: Window, told: None) -> None:
    lan = window.for_("social", "lan", size=PHONE)
    lan.open("/inbox?tab=team")
    number = lan.page.locator("table.work th[scope=row] a").first.inner_text()
    assert NUMBER.fullmatch(number)
    assert_accessible(lan.page)
    screenshot(lan.page, "inbox-team-phone")
    last = "0" if number[-1] != "0" else "1"
    for typed, seen in ((number[:-1] + last, "#number-fault"), (number.lower().replace("-", " "), "table.work")):
        lan.page.focus("#number")
        lan.page.keyboard.press("ControlOrMeta+a")
        lan.page.keyboard.type(typed)
        lan.page.keyboard.press("Enter")
        expect(lan.page.locator(seen)).to_be_visible()
        assert_accessible(lan.page)
    assert lan.page.locator("table.work th[scope=row] a").all_inner_texts() == [number]
    assert not lan.complaints(), lan.complaints()


def test_every_control_of_the_inbox_is_reached_with_the_tabulator_key(window: Window, told: None) -> None:
    lan = window.for_("social", "lan", size=PHONE)
    lan.open("/inbox?tab=team&urgency=urgent")
    wanted = lan.page.locator("main :is(a, button, select, summary, input:not([type=hidden]))").count()
    seen = set[str]()
    for _ in range(wanted + 20):
        lan.page.keyboard.press("Tab")
        seen.add(
            lan.page.evaluate("""() => {
            const here = document.activeElement;
            return document.querySelector("main").contains(here) && here.id !== "main" ? here.outerHTML : "";
        }""")
        )
    assert len(seen - {""}) == wanted


def test_who_has_a_case_appears_while_somebody_looks(window: Window, told: None) -> None:
    lan, hoa = window.for_("social", "lan", size=PHONE), window.for_("social", "hoa", size=DESK)
    lan.page.clock.install()
    lan.open("/inbox?tab=team")
    number = lan.page.locator("table.work th[scope=row] a").first.inner_text()
    row = lan.page.locator("table.work tr", has_text=number)
    before = row.inner_text()
    hoa.open("/supervision/workload")
    assert_accessible(hoa.page)
    case = lan.page.locator("table.work th[scope=row] a").first.get_attribute("href") or ""
    hoa.open(case.replace("/referrals/", "/supervision/cases/"))
    colleague = hoa.page.locator("input[name=to]").first
    name = hoa.page.locator(f"label[for={colleague.get_attribute('id')}] strong").inner_text()
    colleague.check()
    if hoa.page.locator("#knowing").count():
        hoa.page.check("#knowing")
    assert_accessible(hoa.page)
    screenshot(hoa.page, "supervision-case-desk")
    hoa.page.locator("main form button.main").click()
    hoa.page.wait_for_load_state()
    assert name not in before
    lan.page.clock.fast_forward(REFRESH_MS)
    expect(row).to_contain_text(name)
