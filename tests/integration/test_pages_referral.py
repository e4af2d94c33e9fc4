"""The page of a referral, clicked over the real gateway: what opens, to whom, when, and what never shows."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shared.people.records import Role
from tests.support.agency_services import (
    CANARY,
    CASE,
    World,
    a_grant,
    consented,
    referred,
    world,
)
from tests.support.page_client import Page, PageClient, somebody

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

SCRIPT = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("pages"), "health", "social") as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(mesh: World) -> PageClient:
    """A caseworker of the social-work centre."""
    return await somebody(mesh.services["social"].app, Role.CASEWORKER)


async def arrived(mesh: World, **changes: Any) -> str:
    """A nurse refers her, and it has arrived."""
    compartments = changes.get("compartments", CASE)
    consent = await consented(mesh["health"], a_grant("social", names=list(compartments)))
    referral_id = await referred(mesh["health"], consent, **changes)
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    return referral_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def delivered(mesh: World) -> str:
    """A referral that nobody has acknowledged."""
    return await arrived(mesh)


def csrf(page: Page) -> str:
    """The secret that a form of this session carries."""
    return next(value for form in page.forms for name, value in form.fields if name == "csrf")


async def stepped(worker: PageClient, referral_id: str, verb: str, **fields: Any) -> Page:
    page = await worker.get(f"/referrals/{referral_id}/{verb}")
    assert page.status == 200, page.text
    return await worker.send(page, f"/referrals/{referral_id}/{verb}", **fields)


async def test_a_consent_without_an_end_is_shown_to_both_sides(mesh: World, worker: PageClient) -> None:
    consent = await consented(mesh["health"], a_grant("social", names=list(CASE)), valid_to="9999-12-31T23:59:59Z")
    referral_id = await referred(mesh["health"], consent, incident_at="0001-01-01T00:00:00Z")
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    nurse = await somebody(mesh.services["health"].app, Role.CASEWORKER)
    for client, path in ((nurse, f"/consents/{consent['id']}"), (worker, f"/referrals/{referral_id}")):
        page = await client.get(path)
        assert page.status == 200
        assert "31 Dec 9999" in page.text


async def test_a_consent_that_begins_at_the_end_of_the_calendar_ends_with_it(mesh: World) -> None:
    consent = await consented(mesh["health"], a_grant("social"), valid_from="9999-12-30T00:00:00Z")
    assert consent["valid_to"] == "9999-12-31T23:59:59.999Z"


async def test_an_hour_before_the_calendar_begins_is_asked_for_again(mesh: World, worker: PageClient) -> None:
    referral_id = await arrived(mesh)
    await stepped(worker, referral_id, "acknowledge")
    await stepped(worker, referral_id, "accept", staff_gender="female")
    page = await stepped(worker, referral_id, "schedule", scheduled_from="0001-01-01T00:00")
    assert page.status == 422
    assert "Choose a day and a time." in page.text


async def opened(worker: PageClient, referral_id: str, *parts: str, reason: str = "case_work") -> Page:
    page = await worker.get(f"/referrals/{referral_id}/open")
    return await worker.send(page, f"/referrals/{referral_id}/open", part=list(parts), reason=reason)


def verbs(page: Page, referral_id: str) -> set[str]:
    """The pages below the referral that a page leads to."""
    start = f'href="/referrals/{referral_id}/'
    return {part.partition('"')[0] for part in page.text.split(start)[1:]}


async def test_caseworker_takes_a_case_through_and_opens_what_she_needs(mesh: World, worker: PageClient) -> None:
    referral_id = await arrived(mesh)
    page = await worker.get(f"/referrals/{referral_id}")
    assert page.status == 200
    assert CANARY not in page.text
    assert "Work" in page.title
    assert {"acknowledge", "decline"} <= verbs(page, referral_id)
    assert not {"accept", "complete", "start", "close"} & verbs(page, referral_id)
    done = await stepped(worker, referral_id, "acknowledge")
    assert (done.status, done.path) == (200, f"/referrals/{referral_id}")
    asking = await worker.get(f"/referrals/{referral_id}/open")
    assert set(asking.form("/open").choices["part"]) == {"safety", "dependants", "preferences"}
    await stepped(worker, referral_id, "accept")
    shown = await opened(worker, referral_id, "identity", "contact", reason="first_contact")
    assert shown.status == 200
    assert CANARY in shown.text
    assert CANARY not in shown.title
    looked = await worker.get(f"/referrals/{referral_id}/looked")
    assert "To contact her safely" in looked.text
    assert "Identity" in looked.text
    await stepped(worker, referral_id, "start")
    end = await stepped(worker, referral_id, "complete", outcome="completed_full", survivor_told="yes")
    assert end.path == f"/referrals/{referral_id}"
    assert "Completed" in end.text
    assert CANARY not in end.text


async def test_declining_agency_never_learns_who_she_is(mesh: World, worker: PageClient) -> None:
    referral_id = await arrived(mesh)
    before = await stepped(worker, referral_id, "acknowledge")
    page = await stepped(worker, referral_id, "decline", reason="D04")
    assert "nothing about her can be read here any more" in page.text
    closed = await worker.get(f"/referrals/{referral_id}/open")
    assert "Nothing can be opened now." in closed.text
    pairs = [("csrf", csrf(before)), ("act", "a" * 20), ("part", "identity"), ("reason", "case_work")]
    forced = await worker.post(f"/referrals/{referral_id}/open", pairs)
    assert forced.status == 422
    assert CANARY not in page.text + closed.text + forced.text


async def test_only_reasons_that_may_be_given_are_offered_and_a_missing_alternative_is_asked_for(
    mesh: World, worker: PageClient
) -> None:
    referral_id = await arrived(mesh)
    await stepped(worker, referral_id, "acknowledge")
    page = await worker.get(f"/referrals/{referral_id}/decline")
    offered = set(page.form("/decline").choices["reason"])
    assert "D12" in offered
    assert not {"no_police_report", "private_family_matter"} & offered
    refused = await worker.send(page, "/decline", reason="D01")
    assert refused.status == 422
    assert "Name another agency that can help" in refused.text
    forged = await worker.send(page, "/decline", reason="no_police_report")
    assert forged.status == 422
    seen = await mesh["social"].seen(referral_id, query="?compartments=preferences")
    assert seen["state"] == "acknowledged"


@pytest.mark.parametrize("verb", ["accept", "complete", "start", "close", "seal"])
async def test_verb_that_is_not_possible_is_refused_when_it_is_posted(
    mesh: World, worker: PageClient, delivered: str, verb: str
) -> None:
    page = await worker.get(f"/referrals/{delivered}")
    assert verb not in verbs(page, delivered)
    asked = await worker.get(f"/referrals/{delivered}/{verb}")
    assert asked.status == 409
    facts = {
        "complete": [("outcome", "completed_full")],
        "close": [("survivor_told", "yes")],
        "seal": [("result", "sealed")],
    }
    wish = [("staff_gender", "female")]
    pairs = [("csrf", csrf(page)), ("act", secrets.token_urlsafe(12)), *facts.get(verb, wish)]
    posted = await worker.post(f"/referrals/{delivered}/{verb}", pairs)
    assert posted.status == 422
    assert 'role="alert"' in posted.text
    assert (await mesh["social"].seen(delivered, query="?compartments=preferences"))["state"] == "delivered"


async def test_form_sent_twice_acts_once(mesh: World, worker: PageClient) -> None:
    referral_id = await arrived(mesh)
    page = await worker.get(f"/referrals/{referral_id}/acknowledge")
    for _ in range(2):
        assert (await worker.send(page, "/acknowledge")).path == f"/referrals/{referral_id}"
    seen = await mesh["social"].seen(referral_id, query="?compartments=preferences")
    assert [one["type"] for one in seen["history"]] == ["acknowledged"]


async def test_what_was_opened_does_not_come_back_by_going_back_or_loading_anew(
    mesh: World, worker: PageClient, delivered: str
) -> None:
    form = await worker.get(f"/referrals/{delivered}/open")
    first = await worker.send(form, "/open", part=["safety"], reason="triage")
    assert "Risk band" in first.text
    again = await worker.send(form, "/open", part=["safety"], reason="triage")
    assert again.path == f"/referrals/{delivered}"
    assert "Risk band" not in again.text
    assert "no-store" in first.response.headers["cache-control"]


async def test_nothing_opens_without_a_reason_and_only_what_was_ticked(mesh: World, worker: PageClient) -> None:
    referral_id = await arrived(mesh)
    form = await worker.get(f"/referrals/{referral_id}/open")
    for given in ({"part": ["safety"]}, {"reason": "triage"}, {"part": ["safety"], "reason": "curious"}):
        assert (await worker.send(form, "/open", **given)).status == 422
    shown = await worker.send(form, "/open", part=["preferences"], reason="triage")
    assert "Gender of staff" in shown.text
    assert "Risk band" not in shown.text
    looked = await worker.get(f"/referrals/{referral_id}/looked")
    assert "To decide whether we can help" in looked.text
    assert "Safety and risk" not in looked.text


async def test_what_keeps_her_safe_stands_above_every_telephone_number(mesh: World, worker: PageClient) -> None:
    contact = {
        "phone": "0900 000 001",
        "phones": [{"number": "0900 000 002", "safe_hours": "from eight to ten"}],
        "code_word": "hoa sen",
        "never_contact": [{"who": "Her husband", "number": "0900 000 009"}],
    }
    referral_id = await arrived(mesh, compartments={**CASE, "contact": contact})
    await stepped(worker, referral_id, "acknowledge")
    await stepped(worker, referral_id, "accept", staff_gender="female")
    text = (await opened(worker, referral_id, "contact", "identity")).text
    places = [text.index(one) for one in ("Never leave a message", "Her husband", "hoa sen", "0900 000 001")]
    assert places == sorted(places)
    assert text.index("from eight to ten") < text.index("0900 000 002")
    alone = await opened(worker, referral_id, "identity")
    assert "Telephone nobody yet" in alone.text


async def test_markup_in_what_others_wrote_is_text(mesh: World, worker: PageClient) -> None:
    case = {
        **CASE,
        "identity": {"name": SCRIPT, "alias": SCRIPT, "other_names": [SCRIPT]},
        "contact": {"name_to_use": SCRIPT, "never_contact": [{"who": SCRIPT, "reason": SCRIPT}], "remarks": SCRIPT},
        "preferences": {
            "staff_gender": "female",
            "companion": f"{SCRIPT} too",
            "not_wanted": [SCRIPT],
            "remarks": SCRIPT,
        },
    }
    referral_id = await arrived(mesh, compartments=case)
    await stepped(worker, referral_id, "acknowledge")
    await stepped(worker, referral_id, "accept", staff_gender="female")
    shown = await opened(worker, referral_id, "identity", "contact", "preferences")
    assert shown.text.count("&lt;script&gt;") >= 9
    await mesh["health"].done(f"/v1/referrals/{referral_id}/notes", {"text": SCRIPT})
    await mesh["social"].until(referral_id, lambda _: True)
    async with asyncio.timeout(30):
        while "Read the notes (1)" not in (page := await worker.get(f"/referrals/{referral_id}/notes")).text:
            await asyncio.sleep(0.02)
    assert "script&gt;" not in page.text
    notes = await worker.send(page, "/notes/read", reason="case_work")
    assert "&lt;script&gt;" in notes.text
    for one in (shown, page, notes):
        assert "<script>" not in one.text
        assert "<img" not in one.text


async def test_note_goes_to_the_other_side_and_is_read_with_a_reason(
    mesh: World, worker: PageClient, delivered: str
) -> None:
    page = await worker.get(f"/referrals/{delivered}/notes")
    sent = await worker.send(page, "/notes", text=f"{CANARY} comes at nine")
    assert (sent.path, CANARY in sent.text) == (f"/referrals/{delivered}/notes", False)
    nurse = await somebody(mesh.services["health"].app, Role.CASEWORKER)
    async with asyncio.timeout(30):
        while "Read the notes" not in (there := await nurse.get(f"/referrals/{delivered}/notes")).text:
            await asyncio.sleep(0.02)
    assert CANARY not in there.text
    read = await nurse.send(there, "/notes/read", reason="case_work")
    assert f"{CANARY} comes at nine" in read.text
    again = await nurse.send(there, "/notes/read", reason="case_work")
    assert CANARY not in again.text
    looked = await nurse.get(f"/referrals/{delivered}/looked")
    assert "The notes" in looked.text


async def test_case_is_not_there_for_whoever_declared_a_conflict(mesh: World) -> None:
    referral_id = await arrived(mesh)
    officer = await somebody(mesh.services["social"].app, Role.CASEWORKER)
    page = await officer.get(f"/referrals/{referral_id}/conflict")
    done = await officer.send(page, "/conflict", whom="supervisor")
    assert done.path == "/handed-over"
    for below in ("", "/open", "/notes", "/looked", "/conflict", "/hand-over", "/acknowledge"):
        assert (await officer.get(f"/referrals/{referral_id}{below}")).status == 404, below
    colleague = await somebody(mesh.services["social"].app, Role.SUPERVISOR)
    assert (await colleague.get(f"/referrals/{referral_id}")).status == 200


async def test_step_waits_while_the_gateway_is_away_and_says_so(mesh: World, worker: PageClient) -> None:
    referral_id = await arrived(mesh)
    page = await worker.get(f"/referrals/{referral_id}/acknowledge")
    mesh.wire.cut = True
    try:
        queued = await worker.send(page, "/acknowledge")
        assert "It is sent as soon as the gateway can be reached" in queued.text
    finally:
        mesh.wire.mend()
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "acknowledged")


async def test_case_is_taken_handed_over_and_let_go(mesh: World, worker: PageClient, delivered: str) -> None:
    page = await worker.get(f"/referrals/{delivered}")
    mine = await worker.send(page, "/take")
    assert "You have this case." in mine.text
    form = await worker.get(f"/referrals/{delivered}/hand-over")
    nobody = await worker.send(form, "/hand-over", to="nobody-here")
    assert nobody.status == 422
    free = await worker.send(mine, "/let-go")
    assert "Nobody has this case yet." in free.text


@pytest.mark.rule("R-01")
async def test_a_man_takes_her_case_only_when_he_says_that_she_agreed_and_a_woman_is_not_asked(mesh: World) -> None:
    referral_id = await arrived(mesh, preferences={"staff_gender": "female", "language": "vi"})
    social = mesh.services["social"].app
    man, woman = [await somebody(social, Role.CASEWORKER, gender=gender) for gender in ("male", "female")]
    assert "she agrees that I help her" not in (await woman.get(f"/referrals/{referral_id}")).text
    page = await man.get(f"/referrals/{referral_id}")
    assert (await man.send(page, "/take")).status == 422
    page = await man.get(f"/referrals/{referral_id}")
    assert "Nobody has this case yet." in page.text
    assert "You have this case." in (await man.send(page, "/take", knowing="on")).text


async def test_sender_sees_what_became_of_it_and_asks_another_agency(mesh: World, worker: PageClient) -> None:
    referral_id = await arrived(mesh)
    await stepped(worker, referral_id, "acknowledge")
    await stepped(worker, referral_id, "decline", reason="D04")
    await mesh["health"].until(referral_id, lambda seen: seen["state"] == "declined")
    nurse = await somebody(mesh.services["health"].app, Role.CASEWORKER)
    page = await nurse.get(f"/referrals/{referral_id}")
    assert {"close", "notes", "open"} <= verbs(page, referral_id)
    assert f"/new?replaces={referral_id}" in page.text
    assert "Wrong service type" in page.text
    closed = await stepped(nurse, referral_id, "close", survivor_told="yes", helped="not_asked")
    assert "Closed" in closed.text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR])
async def test_page_is_for_caseworkers(mesh: World, delivered: str, role: Role) -> None:
    other = await somebody(mesh.services["social"].app, role)
    for below in ("", "/open", "/notes", "/looked", "/acknowledge"):
        assert (await other.get(f"/referrals/{delivered}{below}")).status == 403
