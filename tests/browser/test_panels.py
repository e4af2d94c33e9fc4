"""A profession's own work, clicked: an act on a small telephone without JavaScript, and a refusal with its rule."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from mesh.home import Home
from tests.browser.conftest import DESK, PHONE, Window, assert_accessible, screenshot
from tests.browser.test_referral import Pair, Partner


@pytest.fixture(scope="module")
def pair(home: Home) -> Iterator[Pair]:
    hospital, shelter = Partner(home, "health"), Partner(home, "social")
    with closing(hospital.http), closing(shelter.http):
        yield Pair(hospital, shelter)


def test_a_social_worker_assesses_risk_without_a_script_and_reads_it_with_a_reason(window: Window, pair: Pair) -> None:
    referral_id = pair.referred()
    lan = window.for_("social", "lan", size=PHONE, script=False)
    page, panels = lan.page, f"/referrals/{referral_id}/panels"
    lan.open(f"/referrals/{referral_id}")
    lan.press("Đánh giá nguy cơ")
    lan.press("Ghi đánh giá nguy cơ")
    lan.press("Ghi nhận")
    assert page.locator(".fault").count() >= 2, "each field that is missing says so"
    page.select_option("[name=tool]", "professional_judgement")
    page.fill("[name=version]", "1")
    page.select_option("[name=judgement]", "R3")
    page.check("[name=signs][value=strangulation]")
    page.locator("main button.main").click()
    page.wait_for_url(f"**{panels}/risk?done=assess")
    assert page.locator("[role=status]").inner_text() == "Đã ghi nhận: Ghi đánh giá nguy cơ"
    assert "R3" not in page.locator("main").inner_text()
    page.locator("[name=reason]").first.check()
    lan.press("Cho xem những gì đã ghi")
    assert "Bị bóp cổ" in page.locator("main").inner_text()
    screenshot(page, "panel-risk-320")


def test_a_refusal_says_its_rule_and_how_to_mend_it(window: Window, pair: Pair) -> None:
    referral_id = pair.referred()
    lan = window.for_("social", "lan", size=DESK)
    page = lan.page
    for path in ("panels", "panels/safety-plan", "panels/safety-plan/save"):
        lan.open(f"/referrals/{referral_id}/{path}")
        assert_accessible(page)
    page.select_option("[name=based_on]", "0")
    page.select_option("[name=made_with_her]", "no")
    page.select_option('[name="plan.steps.0.situation"]', "leaving")
    page.fill('[name="plan.steps.0.what"]', "Mang theo túi")
    page.locator("main button.main").click()
    page.wait_for_load_state()
    assert "Lập kế hoạch cùng người đó" in page.locator("#made_with_her-fault").inner_text()
    assert "SOC-PLAN-HERS" in page.locator(".warning").inner_text()
    assert page.input_value('[name="plan.steps.0.what"]') == "Mang theo túi"
    assert_accessible(page)
    screenshot(page, "panel-refused-1280")
