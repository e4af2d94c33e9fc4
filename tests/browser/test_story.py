"""The story of the demonstration, clicked by people: a nurse, a social worker, a supervisor, a lawyer, an auditor.

She is invented. The nurse and the lawyer read Vietnamese on a telephone, the others English at a desk; once with the
script of the pages and once without it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from mesh.home import Home
from tests.browser.conftest import DESK, PHONE, Clicker, Window, assert_accessible, screenshot
from tests.browser.steps import Case, find, go_on, refer, step, tick

NAME, CALLED, WORD, MATTER = "Canary-Ngọc Mẫu", "Canary-Chị Mẫu", "canary-hoa-sen", "canary-matter"
CANARIES = (NAME, CALLED, WORD, MATTER)
SHELTER = Case(
    service="SOC-01",
    agency="social-thanh-hoa",
    agreed=("identity", "contact", "safety", "dependants", "preferences"),
    fields={
        "c.contact.name_to_use": CALLED,
        "c.contact.code_word": WORD,
        "c.safety.band": "R3",
        "c.dependants.count": "1",
        "c.preferences.staff_gender": "female",
        "c.identity.name": NAME,
    },
)
LAWYER = Case(
    service="LEG-02",
    agency="legal-aid-thanh-hoa",
    agreed=("identity", "contact", "legal", "incident", "preferences"),
    fields={
        "c.contact.name_to_use": CALLED,
        "c.identity.name": NAME,
        "c.legal.matter": MATTER,
        "c.incident.type": "sexual",
        "c.preferences.staff_gender": "female",
    },
)


def said_nothing(who: Clicker) -> None:
    """Hold that a page that nobody opened for a reason says nothing about her: its text, its title, its address."""
    said = who.page.url + who.page.title() + who.page.content()
    assert not [word for word in CANARIES if word in said], who.page.url


def usable(who: Clicker) -> None:
    """Hold that everybody can use the page; what looks for that is a script itself."""
    if who.script:
        assert_accessible(who.page)


def opened(who: Clicker, referral: str, *parts: str) -> str:
    """Open parts of a case for a reason; return what is shown."""
    who.open(f"/referrals/{referral}/open")
    for part in parts:
        tick(who, "part", part)
    reasons = who.page.locator('main select[name="reason"]')
    if reasons.count():
        reasons.select_option("case_work")
    else:
        tick(who, "reason", "case_work")
    go_on(who)
    return who.page.locator("main").inner_text()


def until(who: Clicker, path: str, holds: Callable[[], bool]) -> None:
    """Open a page again until something holds of it; a message is on its way."""
    for _ in range(100):
        who.open(path)
        if holds():
            return
        who.page.wait_for_timeout(100)
    raise AssertionError(f"{path} does not show it: {who.page.locator('main').inner_text()[:400]}")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_the_whole_story_is_clicked_and_says_her_name_only_where_it_was_asked_for(
    window: Window, home: Home, script: bool
) -> None:
    nurse = window.for_("health", "lan", size=PHONE, script=script)
    worker = window.for_("social", "lan", size=DESK, script=script)
    number = refer(nurse, SHELTER)
    assert NAME in nurse.review, "the nurse saw what the shelter will learn"
    screenshot(nurse.page, "story-sent")
    referral = the_shelter_takes_it(worker, number)
    the_supervisor_gives_it_to_somebody(window, referral, script=script)
    if script:
        the_lawyer_declines_and_never_learns_her_name(window, worker, number)
    the_nurse_takes_consent_back(nurse, worker, referral)
    the_auditor_proves_every_step(window, referral, script=script)
    assert not told_anywhere(home, nurse, worker)


def the_shelter_takes_it(worker: Clicker, number: str) -> str:
    """The shelter finds it by its number, acknowledges on what it may see, accepts, and opens who she is."""
    worker.speak("English")
    until(worker, "/inbox", lambda: number in worker.page.content())
    said_nothing(worker)
    referral = find(worker, number)
    said_nothing(worker)
    usable(worker)
    step(worker, referral, "acknowledge")
    worker.open(f"/referrals/{referral}/open")
    assert worker.page.locator('main input[name="part"][value="identity"]').count() == 0
    step(worker, referral, "accept", staff_gender="female")
    assert NAME in opened(worker, referral, "identity", "contact")
    usable(worker)
    screenshot(worker.page, "story-opened")
    worker.open(f"/referrals/{referral}")
    said_nothing(worker)
    return referral


def the_supervisor_gives_it_to_somebody(window: Window, referral: str, *, script: bool) -> None:
    """Nobody has it; the supervisor gives it to a colleague."""
    supervisor = window.for_("social", "hoa", size=DESK, script=script)
    supervisor.speak("English")
    supervisor.open(f"/supervision/cases/{referral}")
    said_nothing(supervisor)
    supervisor.page.locator("main form input[type=radio]").first.check()
    go_on(supervisor)
    assert "nobody" not in supervisor.page.locator("main").inner_text().lower() or supervisor.page.url
    supervisor.leave()


def the_lawyer_declines_and_never_learns_her_name(window: Window, worker: Clicker, number: str) -> None:
    """The shelter refers her to legal aid; nobody is free there; who she is was never opened and never can be."""
    lawyer = window.for_("legal_aid", "lan", size=PHONE)
    asked = refer(worker, LAWYER)
    assert asked != number
    until(lawyer, "/inbox", lambda: asked in lawyer.page.content())
    referral = find(lawyer, asked)
    said_nothing(lawyer)
    step(lawyer, referral, "acknowledge")
    step(lawyer, referral, "decline", reason="D04")
    lawyer.open(f"/referrals/{referral}/open")
    assert lawyer.page.locator('main input[name="part"][value="identity"]').count() == 0
    said_nothing(lawyer)
    lawyer.leave()


def the_nurse_takes_consent_back(nurse: Clicker, worker: Clicker, referral: str) -> None:
    """She changes her mind: consent is taken back, and the shelter can open nothing any more."""
    nurse.open(f"/referrals/{referral}")
    nurse.page.locator('main a[href^="/consents/"]').first.click()
    nurse.page.wait_for_load_state()
    usable(nurse)
    screenshot(nurse.page, "story-consent")
    nurse.open("/" + nurse.page.url.split("/", 3)[3].partition("?")[0] + "/withdraw")
    tick(nurse, "by", "survivor")
    tick(nurse, "scope", "all")
    tick(nurse, "sure")
    nurse.page.locator("main form button.danger").click()
    nurse.page.wait_for_load_state()
    usable(nurse)
    gone = 'main input[name="part"]'
    until(worker, f"/referrals/{referral}/open", lambda: worker.page.locator(gone).count() == 0)


def the_auditor_proves_every_step(window: Window, referral: str, *, script: bool) -> None:
    """The auditor traces the chain: every entry with its proof, and nothing of the case."""
    auditor = window.for_("gateway", "thu", size=DESK, script=script)
    auditor.speak("English")
    auditor.open(f"/console/chains?number={referral}")
    if "/console/chains/" not in auditor.page.url:
        auditor.page.locator('main a[href^="/console/chains/"]').first.click()
        auditor.page.wait_for_load_state()
    said_nothing(auditor)
    usable(auditor)
    text = auditor.page.locator("main").inner_text()
    assert "proved" in text.lower()
    assert "not proved" not in text.lower()
    screenshot(auditor.page, "story-chain")


def told_anywhere(home: Home, *people: Clicker) -> list[str]:
    """Where a word about her is that should not be: logs, databases in clear, the addresses a browser remembers."""
    files = [*Path(home.root, "logs").glob("*.log"), *Path(home.root).glob("*/data.sqlite*")]
    found = [str(file) for file in files if any(word.encode() in file.read_bytes() for word in CANARIES)]
    for one in people:
        history = one.page.context.new_cdp_session(one.page).send("Page.getNavigationHistory")
        found += [entry["url"] for entry in history["entries"] if any(word in str(entry) for word in CANARIES)]
    return found
