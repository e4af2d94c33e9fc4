"""A new referral by forms alone: nothing pre-ticked, nothing sent that was not switched on, nothing lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shared.agency.ports import Desk
from shared.agency.records import Unsent
from shared.agency.unsent import KEPT
from shared.people.records import Role
from tests.support.agency_services import (
    CANARY,
    Service,
    World,
    a_grant,
    consented,
    contents,
    referred,
    states,
    world,
)
from tests.support.page_client import Page, PageClient, somebody

EVIL = "\"><script>alert('x')</script>"
WANTS = {
    "service_type": "SOC-01", "urgency": "usual", "province": "38", "age_band": "adult",
    "staff_gender": "female", "language": "vi",
}  # fmt: skip
CONSENT: dict[str, Any] = {
    "mode": "new", "read_aloud": "on", "grantor": "self", "form": "written_signature", "purpose.service": "on",
    "may.social-test": ["contact", "safety", "dependants", "preferences"], "stays.medical": "her_wish",
}  # fmt: skip
WHAT = {"c.contact.safe_contact": CANARY, "c.safety.band": "R3", "c.dependants.count": "2"}
ON = ("go", "next")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("new"), "health", "social", enrolled=("legal_aid", "police")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def nurse(mesh: World) -> PageClient:
    return await somebody(mesh.services["health"].app, Role.CASEWORKER)


async def at_consent(nurse: PageClient, **changes: Any) -> Page:
    first = await nurse.send(await nurse.get("/new"), "/new")
    return await nurse.send(first, "/wants", button=ON, **WANTS | changes)


async def at_review(nurse: PageClient, *, consent: dict[str, Any] = CONSENT, what: dict[str, str] = WHAT) -> Page:
    page = await nurse.send(await at_consent(nurse), "/consent", button=ON, **consent)
    page = await nurse.send(page, "/whom", button=ON, recipient="social-test")
    return await nurse.send(page, "/what", button=ON, **what)


def faults_of(page: Page) -> list[str]:
    return re.findall(r'class="fault" id="([^"]*)-fault"', page.text)


def draft_of(page: Page) -> str:
    return page.path.split("/")[2]


async def sent_by(mesh: World) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await mesh["health"].get("/v1/referrals?box=sent&limit=200")).json()["items"]
    return listed


async def test_a_referral_goes_the_whole_way_by_forms_and_only_what_was_switched_on_arrives(
    mesh: World, nurse: PageClient
) -> None:
    page = await at_review(nurse)
    assert page.path.endswith("/review"), faults_of(page)
    assert CANARY in page.text
    done = await nurse.send(page, "/send")
    assert done.path.endswith("/sent")
    referral_id = re.findall(r'href="/referrals/([0-9a-f-]{36})"', done.text)[0]
    there = mesh["social"]
    await there.until(referral_id, lambda seen: seen["state"] == "delivered")
    await there.done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await there.done(f"/v1/referrals/{referral_id}/accept", {"staff_gender": "female"})
    opened = contents(await there.seen(referral_id))
    assert opened["contact"] == {"safe_contact": CANARY}
    assert opened["safety"] == {"band": "R3"}
    assert set(opened) == {"contact", "safety", "dependants", "preferences"}


async def test_nothing_of_consent_is_ticked_or_chosen_beforehand(nurse: PageClient) -> None:
    form = (await at_consent(nurse)).form("/consent")
    chosen = {name: value for name, value in form.fields if name in form.choices}
    assert not any(chosen.values()), chosen
    unanswered = await nurse.send(await at_consent(nurse), "/consent", button=ON, mode="new")
    assert unanswered.status == 422
    assert {"grants", "purpose.service", "read_aloud", "grantor", "form"} <= set(faults_of(unanswered))


async def test_what_was_not_switched_on_has_no_field_and_is_not_sent_when_it_is_posted_all_the_same(
    mesh: World, nurse: PageClient
) -> None:
    page = await nurse.send(await at_consent(nurse), "/consent", button=ON, **CONSENT)
    page = await nurse.send(page, "/whom", button=ON, recipient="social-test")
    assert not [name for name in page.form("/what").names() if name.startswith(("c.identity", "c.medical"))]
    smuggled = await nurse.send(page, "/what", button=ON, **WHAT, **{"c.identity.name": "Smuggled In"})
    assert "Smuggled In" not in smuggled.text
    await nurse.send(smuggled, "/send")
    newest = (await sent_by(mesh))[0]
    await mesh["social"].until(newest["referral_id"], lambda seen: seen["state"] == "delivered")
    parts = (await mesh["social"].seen(newest["referral_id"]))["compartments"]
    assert "identity" not in {part["name"] for part in parts}


async def test_sent_twice_at_the_same_time_it_is_one_referral(mesh: World, nurse: PageClient) -> None:
    page, before = await at_review(nurse), len(await sent_by(mesh))
    both = await asyncio.gather(nurse.send(page, "/send"), nurse.send(page, "/send"))
    again = await nurse.send(page, "/send")
    assert {one.path for one in (*both, again)} == {f"/new/{draft_of(page)}/sent"}
    assert len(await sent_by(mesh)) == before + 1


async def test_what_somebody_wrote_is_text_on_the_last_page(nurse: PageClient) -> None:
    page = await at_review(nurse, what=WHAT | {"c.contact.safe_contact": EVIL})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


async def test_a_draft_is_not_in_clear_in_the_database_and_outlives_a_restart(mesh: World) -> None:
    writer = await somebody(mesh.services["health"].app, Role.CASEWORKER, login="writer")
    page = await at_review(writer)
    secret = b"Canary-Nguyen"
    files = [path for path in mesh.folder.glob("health.db*") if path.is_file()]
    assert files
    assert not [path.name for path in files if secret in path.read_bytes()]
    await mesh.stop("health")
    service: Service = await mesh.start("health")
    again = PageClient(service.app)
    await again.sign_in("writer")
    assert CANARY in (await again.get(page.path)).text


async def test_the_writer_finds_it_again_after_leaving_and_nobody_else_does(mesh: World, nurse: PageClient) -> None:
    page = await at_consent(nurse)
    left = await nurse.send(page, "/consent", button=("go", "leave"), mode="new", **{"stays.identity": "later"})
    assert (left.path, left.title) == ("/new", "Work")
    assert "Emergency shelter" in left.text
    assert CANARY not in left.text
    back = await nurse.get(f"/new/{draft_of(page)}/consent")
    assert ("stays.identity", "later") in back.form("/consent").fields
    colleague = await somebody(mesh.services["health"].app, Role.CASEWORKER)
    assert (await colleague.get(back.path)).status == 404
    assert draft_of(page) not in (await colleague.get("/new")).text
    gone = await nurse.send(left, f"/{draft_of(page)}/drop")
    assert draft_of(page) not in gone.text


async def test_immediate_danger_asks_for_the_telephone_first(nurse: PageClient) -> None:
    page = await at_consent(nurse, urgency="immediate")
    assert (page.status, faults_of(page)) == (422, ["phoned_first"])
    again = await nurse.send(page, "/wants", button=ON, phoned_first="on")
    assert again.path.endswith("/consent")


async def test_a_child_is_not_asked_to_consent_alone(nurse: PageClient) -> None:
    page = await at_consent(nurse, age_band="12_15")
    offered = page.form("/consent").choices["grantor"]
    assert "self" not in offered
    assert {"parent", "best_interest_decision"} <= set(offered)
    refused = await nurse.send(page, "/consent", button=ON, **CONSENT | {"grantor": "parent"})
    assert "caregiver" in faults_of(refused)


async def test_what_the_gateway_refuses_is_said_in_words_and_the_draft_stays(nurse: PageClient) -> None:
    page = await at_consent(nurse, age_band="12_15")
    given = CONSENT | {"grantor": "parent", "caregiver": "safe"}  # and what the child said is not there
    page = await nurse.send(page, "/consent", button=ON, **given)
    page = await nurse.send(page, "/whom", button=ON, recipient="social-test")
    page = await nurse.send(page, "/what", button=ON, **WHAT)
    refused = await nurse.send(page, "/send")
    assert refused.status == 422
    assert "The child must be asked" in refused.text
    assert (await nurse.get(f"/new/{draft_of(page)}/review")).status == 200


async def test_without_the_gateway_nothing_typed_is_lost(mesh: World, nurse: PageClient) -> None:
    first = await nurse.send(await nurse.get("/new"), "/new")
    mesh.wire.cut = True
    try:
        page = await nurse.send(first, "/wants", button=ON, **WANTS)
        assert (page.status, page.path.endswith("/consent")) == (200, True)
        assert "cannot be reached now" in page.text
    finally:
        mesh.wire.mend()
    page = await nurse.send(page, "/consent", button=("go", "again"), mode="new")
    assert "may.social-test" in page.form("/consent").names()
    assert "new" in [value for name, value in page.form("/consent").fields if name == "mode"]


async def test_a_row_more_without_script_keeps_what_was_typed(nurse: PageClient) -> None:
    page = await nurse.send(await at_consent(nurse), "/consent", button=ON, **CONSENT)
    page = await nurse.send(page, "/whom", button=ON, recipient="social-test")
    more = await nurse.send(
        page, "/what", button=("more", "c.contact.phones"), **{"c.contact.phones.0.number": "0900 1"}
    )
    assert ("c.contact.phones.0.number", "0900 1") in more.form("/what").fields
    assert "c.contact.phones.1.number" in more.form("/what").names()


async def test_consent_is_printed_without_a_name_and_taken_back_with_a_confirmation(
    mesh: World, nurse: PageClient
) -> None:
    done = await nurse.send(await at_review(nurse), "/send")
    path = re.findall(r'href="(/consents/[0-9a-f-]{36})"', done.text)[0]
    receipt = await nurse.get(path)
    assert (receipt.status, receipt.title) == (200, "Work")
    assert "She does not want it told" in receipt.text
    assert CANARY not in receipt.text
    page = await nurse.get(f"{path}/withdraw")
    unsure = await nurse.send(page, "/withdraw", by="survivor", scope="all")
    assert (unsure.status, faults_of(unsure)) == (422, ["sure"])
    state = await nurse.send(page, "/withdraw", by="survivor", scope="all", sure="on")
    assert state.path == f"{path}/withdrawal"
    async with asyncio.timeout(30):
        while "Everybody has answered" not in (await nurse.get(state.path)).text:
            await asyncio.sleep(0.05)
    proof = await nurse.get(f"{path}/certificate")
    assert (proof.status, proof.headings[0]) == (200, "Confirmation")


async def test_it_is_forgotten_by_itself(nurse: PageClient) -> None:
    page = await at_consent(nurse)
    assert KEPT.days == 7
    assert "deleted by itself" in (await nurse.get("/new")).text
    assert page.status == 200


async def received(mesh: World) -> str:
    """A referral that the other agency has accepted, and may pass on under the same consent."""
    onward = a_grant("legal_aid", "LEG-01", names=["contact", "needs", "preferences"])
    consent = await consented(mesh["health"], a_grant("social", onward=True), onward)
    referral_id = await referred(mesh["health"], consent)
    there = mesh["social"]
    await there.until(referral_id, lambda seen: seen["state"] == "delivered")
    await there.done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await there.done(f"/v1/referrals/{referral_id}/accept", {"staff_gender": "female"})
    return referral_id


async def onward_at_consent(mesh: World, worker: PageClient) -> Page:
    first = await worker.send(await worker.get(f"/new?parent={await received(mesh)}"), "/new")
    assert ("age_band", "adult") in first.form("/wants").fields, "what was said before is not asked again"
    return await worker.send(first, "/wants", button=ON, service_type="LEG-01", urgency="usual")


@pytest.mark.parametrize("mode", ["narrow", "existing"])
async def test_a_received_referral_goes_on_under_the_consent_that_allows_it(mesh: World, mode: str) -> None:
    worker = await somebody(mesh.services["social"].app, Role.CASEWORKER)
    page = await onward_at_consent(mesh, worker)
    assert {"narrow", "existing", "new"} <= set(page.form("/consent").choices["mode"])
    narrower = CONSENT | {"may.social-test": None, "may.legal-aid-test": ["contact", "needs", "preferences"]}
    given = narrower if mode == "narrow" else {}
    page = await worker.send(page, "/consent", button=ON, **given | {"mode": mode})
    page = await worker.send(page, "/whom", button=ON, recipient="legal-aid-test")
    page = await worker.send(page, "/what", button=("go", "take-over"))
    assert ("c.contact.name_to_use", CANARY) in page.form("/what").fields
    assert not [name for name in page.form("/what").names() if name.startswith(("c.identity", "c.dependants"))]
    page = await worker.send(page, "/what", button=ON, **{"c.needs.needs": "legal advice"})
    assert page.path.endswith("/review"), faults_of(page)
    done = await worker.send(page, "/send")
    assert done.path.endswith("/sent"), re.findall(r"<li>([^<]*)", done.text)


async def taken_over(worker: PageClient, referral_id: str) -> Page:
    """An unfinished referral into which what a received one says was taken over."""
    first = await worker.send(await worker.get(f"/new?parent={referral_id}"), "/new")
    page = await worker.send(first, "/wants", button=ON, service_type="LEG-01", urgency="usual")
    page = await worker.send(page, "/consent", button=ON, mode="existing")
    page = await worker.send(page, "/whom", button=ON, recipient="legal-aid-test")
    page = await worker.send(page, "/what", button=("go", "take-over"))
    assert CANARY in page.text
    return page


async def unfinished(mesh: World) -> set[str]:
    """What lies in the records of the second agency, whoever may open it."""
    found = await mesh.services["social"].practice.office.store.read(lambda reading: reading.find(Unsent))
    return {one.draft_id for one in found}


@pytest.mark.rule("R-16")
async def test_nobody_opens_what_a_release_of_before_wrote_unfinished(mesh: World) -> None:
    """It does not tell what it goes on from, so it may hold what was sealed off."""
    worker = await somebody(mesh.services["social"].app, Role.CASEWORKER)
    page = await taken_over(worker, await received(mesh))
    draft_id = draft_of(page)

    def work(desk: Desk) -> None:
        record = desk.get(Unsent, draft_id)
        assert record is not None
        desk.change(record, actor="", before_id=None)

    assert draft_id in (await worker.get("/new")).text
    await mesh.services["social"].practice.office.store.write(work, expects=[(Unsent, draft_id)])
    assert draft_id not in (await worker.get("/new")).text
    again = await worker.get(page.path)
    assert (again.status, CANARY in again.text) == (404, False)


@pytest.mark.rule("R-16")
@pytest.mark.parametrize("part", [None, ["dependants"]])
async def test_what_was_taken_over_from_a_case_goes_with_the_first_piece_of_it_that_is_taken_back(
    mesh: World, part: list[str] | None
) -> None:
    worker, referral_id = await somebody(mesh.services["social"].app, Role.CASEWORKER), await received(mesh)
    page, other = await taken_over(worker, referral_id), await taken_over(worker, await received(mesh))
    consent_id = (await mesh["social"].seen(referral_id))["basis"]["consent_id"]
    told = {"by": "survivor", "compartments": part}
    await mesh["health"].done(f"/v1/consents/{consent_id}/revocations", told)
    await mesh["social"].until(referral_id, lambda seen: states(seen)["dependants"] == "destroyed", query="")
    kept = await unfinished(mesh)
    assert (draft_of(page) in kept, draft_of(other) in kept) == (False, True)
    again = await worker.get(page.path)
    assert (again.status, CANARY in again.text) == (404, False)
    assert (await worker.get(other.path)).status == 200


async def test_nothing_is_begun_from_a_case_that_was_sealed_off_meanwhile(mesh: World) -> None:
    worker, referral_id = await somebody(mesh.services["social"].app, Role.CASEWORKER), await received(mesh)
    before, page = await unfinished(mesh), await worker.get(f"/new?parent={referral_id}")
    await mesh["social"].done(f"/v1/referrals/{referral_id}/withdraw", {"reason": "survivor_asked"})
    await mesh["social"].until(referral_id, lambda seen: seen["sealed_off_at"] is not None)
    assert (await worker.send(page, "/new")).status == 404
    assert await unfinished(mesh) == before


@pytest.mark.rule("R-11")
async def test_what_somebody_is_writing_goes_with_the_case_that_she_hands_over(mesh: World) -> None:
    app, referral_id = mesh.services["social"].app, await received(mesh)
    related, colleague = await somebody(app, Role.CASEWORKER), await somebody(app, Role.CASEWORKER)
    hers, other = await taken_over(related, referral_id), await taken_over(related, await received(mesh))
    colleagues = await taken_over(colleague, referral_id)
    form = await related.get(f"/referrals/{referral_id}/conflict")
    assert (await related.send(form, "/conflict", whom="supervisor")).path == "/handed-over"
    kept = await unfinished(mesh)
    assert [draft_of(one) in kept for one in (hers, other, colleagues)] == [False, True, True]
    assert (await related.get(hers.path)).status == 404


async def test_by_law_only_what_the_law_carries_has_a_field_and_somebody_approved_it(
    mesh: World, nurse: PageClient
) -> None:
    approver = await somebody(mesh.services["health"].app, Role.SUPERVISOR)
    del approver
    page = await at_consent(nurse, service_type="POL-01", urgency="usual", phoned_first="on")
    refused = await nurse.send(page, "/consent", button=ON, mode="law", law="vital_interest")
    assert {"article", "approver"} <= set(faults_of(refused))
    who = next(one for one in page.form("/consent").choices["approver"] if one)
    law = {"mode": "law", "law": "vital_interest", "article": "Law 91/2025, Art. 19", "approver": who}
    page = await nurse.send(page, "/consent", button=ON, **law)
    page = await nurse.send(page, "/whom", button=ON, recipient="police-test")
    kinds = {name.split(".")[1] for name in page.form("/what").names() if name.startswith("c.")}
    assert kinds == {"identity", "contact", "safety", "incident", "preferences"}
    page = await nurse.send(
        page, "/what", button=ON, **{"c.contact.safe_contact": "by the neighbour", "c.safety.band": "R4"}
    )
    assert page.path.endswith("/review"), faults_of(page)
    assert "a law, without her consent" in page.text
    assert (await nurse.send(page, "/send")).path.endswith("/sent")


async def test_from_a_consent_another_referral_needs_no_second_talk(mesh: World, nurse: PageClient) -> None:
    consent = await consented(mesh["health"], a_grant("social"))
    first = await nurse.send(await nurse.get(f"/new?consent={consent['id']}"), "/new")
    page = await nurse.send(first, "/wants", button=ON, **WANTS)
    page = await nurse.send(page, "/consent", button=ON, mode="existing")
    page = await nurse.send(page, "/whom", button=ON, recipient="social-test")
    page = await nurse.send(page, "/what", button=ON, **WHAT)
    assert (await nurse.send(page, "/send")).path.endswith("/sent")
