"""What people do at the pages, in the order they do it. Nothing here needs the script of the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.browser.conftest import Clicker


@dataclass(frozen=True)
class Case:
    """What somebody writes about an invented person: fields of the forms by name."""

    service: str
    agency: str
    agreed: Sequence[str]
    fields: Mapping[str, str]
    onward: bool = False


def go_on(who: Clicker) -> None:
    """Press the main button of the form on the page."""
    who.page.locator("main form button.main").first.click()
    who.page.wait_for_load_state()


def open_parts(who: Clicker, selector: str) -> None:
    """Open whatever is folded around a field, from outside in."""
    folded = who.page.locator(f"details:not([open]):has({selector}) > summary")
    while folded.count():
        folded.first.click()


def put(who: Clicker, name: str, value: str) -> None:
    """Fill in or choose one field."""
    selector = f'[name="{name}"]:not([type="hidden"])'
    open_parts(who, selector)
    if who.page.locator(f"select{selector}").count():
        who.page.locator(selector).first.select_option(value)
    else:
        who.page.locator(selector).first.fill(value)


def tick(who: Clicker, name: str, value: str | None = None) -> None:
    """Tick a box, or choose one of several."""
    selector = f'input[name="{name}"]:not([type="hidden"])' + (f'[value="{value}"]' if value else "")
    open_parts(who, selector)
    who.page.locator(selector).first.check()


def refer(who: Clicker, case: Case, *, parent: str | None = None) -> str:
    """Refer somebody in the five steps; return the number to say on the telephone. Each step is left for the next."""
    who.open(f"/new?parent={parent}" if parent else "/new")
    go_on(who)
    wants(who, case)
    consent(who, case, onward_of=parent)
    tick(who, "recipient", case.agency)
    go_on(who)
    for name, value in case.fields.items():
        put(who, name, value)
    go_on(who)
    who.review = who.page.locator("main").inner_text()
    go_on(who)
    return who.page.locator("main .code").first.inner_text()


def wants(who: Clicker, case: Case) -> None:
    """Step 1: what she wants, where, and how she wants to be met."""
    tick(who, "service_type", case.service)
    tick(who, "urgency", "urgent")
    put(who, "province", "38")
    tick(who, "age_band", "adult")
    tick(who, "staff_gender", "female")
    put(who, "language", "vi")
    go_on(who)


def consent(who: Clicker, case: Case, *, onward_of: str | None) -> None:
    """Step 2: what she agrees to, in her own decision; nothing is ticked beforehand."""
    assert who.page.locator("main input[type=checkbox]:checked").count() == 0
    tick(who, "mode", "narrow" if onward_of else "new")
    tick(who, "read_aloud")
    for name in case.agreed:
        tick(who, f"may.{case.agency}", name)
    if case.onward:
        tick(who, f"onward.{case.agency}")
    tick(who, "purpose.service")
    tick(who, "grantor", "self")
    tick(who, "form", "written_signature")
    go_on(who)


def find(who: Clicker, number: str) -> str:
    """Find a referral by its number; return its id."""
    who.open("/inbox")
    who.page.locator('main input[name="number"]').first.fill(number)
    who.page.locator('main form:has(input[name="number"]) button').first.click()
    who.page.wait_for_load_state()
    if "/referrals/" not in who.page.url:
        who.page.locator('main a[href^="/referrals/"]').first.click()
        who.page.wait_for_load_state()
    return who.page.url.rpartition("/")[2].partition("?")[0]


def step(who: Clicker, referral: str, verb: str, **fields: str) -> None:
    """Take one step of a referral."""
    who.open(f"/referrals/{referral}/{verb}")
    for name, value in fields.items():
        put(who, name, value)
    who.page.locator(f'main form[action$="/{verb}"] button:not(.quiet)').last.click()
    who.page.wait_for_load_state()
    assert not who.page.url.endswith(f"/{verb}"), who.page.locator("main").inner_text()
