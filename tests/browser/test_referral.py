"""A referral worked on with a small telephone: without JavaScript, by keyboard, and what "back" does not bring."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Error, Page

from mesh.home import Home
from tests.browser.conftest import DESK, PHONE, Clicker, Window, assert_accessible, screenshot

CANARY = "Canary Le Thi Mau"
CASE = {
    "identity": {"name": CANARY, "sex": "female"},
    "contact": {
        "phone": "0900 000 001",
        "code_word": "hoa sen",
        "never_contact": [{"who": "Canary Husband", "number": "0900 000 009"}],
    },
    "safety": {"band": "R3"},
    "dependants": {"count": 1},
    "preferences": {"staff_gender": "female"},
}

ONWARD = {"onward": False}


class Partner:
    """The system of an agency, for what happened before somebody sits down at a page."""

    def __init__(self, home: Home, sector: str) -> None:
        credentials = home.credentials()
        assert credentials is not None
        found = [(name, one) for name, one in credentials["agencies"].items() if one["sector"] == sector]
        self.name, told = found[0]
        self.http = httpx.Client(base_url=told["url"])
        auth = (told["client_id"], told["client_secret"])
        granted = self.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=auth).json()
        self.http.headers.update({"Authorization": f"Bearer {granted['access_token']}", "Access-Reason": "case_work"})

    def done(self, path: str, body: object) -> dict[str, dict[str, str]]:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        told: dict[str, dict[str, str]] = answer.json()
        return told

    def has(self, referral_id: str) -> bool:
        """Say whether a referral has arrived."""
        answer = self.http.get(f"/v1/referrals/{referral_id}", params={"compartments": "safety"})
        return answer.is_success and answer.json()["state"] == "delivered"


@dataclass
class Pair:
    """A hospital that refers her, and a shelter."""

    hospital: Partner
    shelter: Partner

    def referred(self) -> str:
        """Refer her, and wait until it has arrived."""
        grant = {"recipients": [self.shelter.name], "service_types": ["SOC-01"], "compartments": list(CASE)}
        consent = {"grantor": "self", "age_band": "adult", "form": "written_signature", "grants": [grant | ONWARD]}
        consent_id = self.hospital.done("/v1/consents", consent)["consent"]["id"]
        told = {"service_type": "SOC-01", "recipient": self.shelter.name, "consent_id": consent_id}
        wish = {"preferences": {"staff_gender": "female"}, "compartments": CASE}
        referral_id = self.hospital.done("/v1/referrals", told | wish)["referral"]["referral_id"]
        until = time.monotonic() + 30
        while not self.shelter.has(referral_id):
            assert time.monotonic() < until
            time.sleep(0.1)
        return referral_id


@pytest.fixture(scope="module")
def pair(home: Home) -> Iterator[Pair]:
    hospital, shelter = Partner(home, "health"), Partner(home, "social")
    with closing(hospital.http), closing(shelter.http):
        yield Pair(hospital, shelter)


def settled(page: Page) -> str:
    """What a page holds once the browser has done with changing it: its own page of an error comes a moment later."""
    for _ in range(50):
        try:
            return page.content()
        except Error:
            page.wait_for_timeout(100)
    pytest.fail("the browser never came to rest")


def by_keyboard(worker: Clicker, selector: str) -> None:
    """Reach a link or button with the tab key alone, and press it."""
    wanted = worker.page.locator(selector).first
    for _ in range(60):
        worker.page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            with worker.page.expect_navigation():
                worker.page.keyboard.press("Enter")
            return
    pytest.fail(f"no key leads to {selector}")


def test_she_is_reached_with_a_small_telephone_without_javascript(window: Window, pair: Pair) -> None:
    referral = pair.referred()
    worker = window.for_("social", "lan", size=PHONE, script=False)
    page = worker.page
    worker.open(f"/referrals/{referral}")
    assert CANARY not in page.content()
    screenshot(page, "referral-320")
    for verb in ("acknowledge", "accept"):
        worker.open(f"/referrals/{referral}/{verb}")
        if verb == "accept":
            page.select_option("#staff_gender", "female")
        page.click("main form button")
        assert page.url.endswith(f"?done={verb}")
    worker.open(f"/referrals/{referral}/open")
    page.check("#part-contact")
    page.check("input[name=reason][value=first_contact]")
    page.click("main form button")
    shown = page.inner_text("main")
    assert shown.index("Canary Husband") < shown.index("hoa sen") < shown.index("0900 000 001")
    assert CANARY not in shown
    assert page.locator("a[href^='tel:']").count() == 0
    screenshot(page, "referral-contents-320")


def test_keyboard_alone_opens_and_back_does_not_bring_it_again(window: Window, pair: Pair) -> None:
    referral = pair.referred()
    for verb, said in (("acknowledge", {}), ("accept", {"staff_gender": "female"})):
        pair.shelter.done(f"/v1/referrals/{referral}/{verb}", said)
    worker = window.for_("social", "lan", size=DESK)
    page = worker.page
    worker.open(f"/referrals/{referral}")
    by_keyboard(worker, f"a[href='/referrals/{referral}/open']")
    assert_accessible(page)
    page.focus("#part-identity")
    page.keyboard.press("Space")
    page.focus("input[name=reason][value=case_work]")
    page.keyboard.press("Space")
    by_keyboard(worker, "main form button")
    assert CANARY in page.inner_text("main")
    assert CANARY not in page.title() + page.url
    assert_accessible(page)
    page.click("main a.button")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the answer to a form is kept nowhere
        page.go_back()
    assert CANARY not in settled(page)
    worker.open(f"/referrals/{referral}/looked")
    assert_accessible(page)
    assert not worker.said
