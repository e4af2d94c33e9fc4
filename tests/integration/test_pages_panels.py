"""The panels of the professions on a referral's page: acts through forms, refusals in words, readings with a reason."""

import re
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from services.police.tables import ROWS
from shared.agency.adapters.store import SqlStore
from shared.people.records import Account, Role
from shared.sop.calendar import ZONE
from tests.support.agency_services import World, world
from tests.support.health_casework import forensic_case, post_rape_care
from tests.support.houses import a_house, sheltered
from tests.support.legal_aid import taken
from tests.support.page_client import PageClient, an_account, front_of
from tests.support.police_cases import CHECKED, OFFICER, assigned, case, journal, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCRIPT = "<script>alert(1)</script>"
ADDRESS = "12 duong Hoa Sen"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """All four sectors."""
    async with world(tmp_path_factory.mktemp("panels"), "social", "police", "health", "legal_aid") as made:
        yield made


async def at_work(mesh: World, kind: str, *, language: str = "en") -> tuple[PageClient, Account]:
    """Somebody of an agency at her browser, and her account."""
    app = mesh.services[kind].app
    account = await an_account(front_of(app), f"w-{secrets.token_hex(4)}", Role.CASEWORKER, language=language)
    client = PageClient(app)
    await client.sign_in(account.login)
    return client, account


async def visits(mesh: World, who: Account, referral_id: str, *, kind: str = "police") -> list[tuple[str, str | None]]:
    """What somebody has looked at in a case, and why."""
    store = SqlStore(mesh.services[kind].settings.database_url.get_secret_value(), rows=ROWS)
    try:
        found = await store.read(lambda reading: reading.visits(referral_id))
    finally:
        store.close()
    return [(one.what, one.reason) for one in found if one.actor == who.pseudonym]


async def every_form_opens(mesh: World, kind: str, referral_id: str) -> None:
    """Open the form of every act that a case offers, in Vietnamese."""
    she, _ = await at_work(mesh, kind, language="vi")
    panels = f"/referrals/{referral_id}/panels"
    overview = await she.get(panels)
    assert overview.status == 200
    found = set(re.findall(rf'href="({panels}/[a-z-]+)"', overview.text))
    assert found
    forms = {one for panel in found for one in re.findall(rf'href="({panel}/[a-z0-9-]+)"', (await she.get(panel)).text)}
    assert forms
    for form in sorted(forms):
        page = await she.get(form)
        assert (page.status, page.form(form).action) == (200, form)


def local(**ago: float) -> str:
    """A moment of the past, as a browser sends it."""
    return (datetime.now(ZONE) - timedelta(**ago)).replace(tzinfo=None).isoformat(timespec="minutes")


class TestPolice:
    """Officers, needs, statements."""

    async def test_an_act_is_done_through_its_form_by_who_is_signed_in(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        she, account = await at_work(mesh, "police")
        path = f"/referrals/{referral_id}/panels/officers"
        form = await she.get(f"{path}/assign")
        page = await she.send(form, "/assign", officer=account.pseudonym, gender="female")
        assert (page.status, page.path) == (200, path)
        assert "Recorded: Assign an officer" in page.text
        (made,) = (await mesh["police"].get(f"/v1/police/referrals/{referral_id}/officers")).json()["items"]
        assert (made["actor"], made["officer"]) == (account.pseudonym, account.pseudonym)
        again = await she.send(form, "/assign", officer=account.pseudonym, gender="female")
        assert again.status == 200
        assert len(await journal(mesh, referral_id)) == 1, "the same form acts once"

    @pytest.mark.rule("R-01")
    async def test_a_refusal_names_its_rule_stands_beside_its_field_and_keeps_what_was_typed(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        she, account = await at_work(mesh, "police", language="vi")
        form = await she.get(f"/referrals/{referral_id}/panels/officers/assign")
        page = await she.send(form, "/assign", officer=account.pseudonym, gender="male")
        assert page.status == 422
        assert "Phân công cán bộ đúng giới tính người đó chọn" in page.text
        assert "R-01" in page.text
        assert 'id="her_answer-fault"' in page.text
        assert ("gender", "male") in page.form("/assign").fields
        assert await journal(mesh, referral_id) == [("police.assign-officer", "refused", "R-01")]

    async def test_what_is_left_out_is_said_beside_its_field_before_anything_is_asked(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        she, _ = await at_work(mesh, "police")
        page = await she.send(await she.get(f"/referrals/{referral_id}/panels/needs/check"), "/check", medical="open")
        assert page.status == 422
        assert all(f'id="{name}-fault"' in page.text for name in ("safety", "food_and_rest", "child"))
        assert await journal(mesh, referral_id) == []

    @pytest.mark.rule("R-24")
    async def test_nothing_on_record_is_shown_without_a_reason_and_each_look_is_logged(self, mesh: World) -> None:
        referral_id = await case(mesh)
        await mesh["police"].done(f"/v1/police/referrals/{referral_id}/needs-checks", CHECKED)
        await assigned(mesh, referral_id)
        await told(mesh, referral_id, prior_reference=None)
        she, account = await at_work(mesh, "police")
        path = f"/referrals/{referral_id}/panels/statements"
        closed = await she.get(path)
        assert "HS 14/2026" not in closed.text
        assert "Statements 1" in closed.text
        assert not await visits(mesh, account, referral_id)
        assert (await she.send(closed, path, reason="curious")).status == 422
        opened = await she.send(closed, path, reason="case_work")
        assert "HS 14/2026, trang 3" in opened.text
        assert await visits(mesh, account, referral_id) == [("interviews", "case_work"), ("statements", "case_work")]
        assert opened.response.headers["cache-control"] == "no-store"

    async def test_a_session_is_begun_and_ended_with_the_whole_checklist(self, mesh: World) -> None:
        referral_id = await case(mesh)
        await mesh["police"].done(f"/v1/police/referrals/{referral_id}/needs-checks", CHECKED)
        she, account = await at_work(mesh, "police")
        panels = f"/referrals/{referral_id}/panels"
        form = await she.get(f"{panels}/officers/assign")
        await she.send(form, "/assign", officer=account.pseudonym, gender="female")
        begun = {"officer": account.pseudonym, "started_at": local(minutes=30), "support_person": "there"}
        page = await she.send(await she.get(f"{panels}/statements/begin"), "/begin", friendly_room="yes", **begun)
        assert page.path == f"{panels}/statements", page.text
        opened = await she.send(page, f"{panels}/statements", reason="case_work")
        (session,) = (await mesh["police"].get(f"/v1/police/referrals/{referral_id}/interviews")).json()["items"]
        end = f"{panels}/statements/end/{session['id']}"
        assert end in opened.text
        form = await she.get(end)
        items = {name: "done" for name in form.form(end).choices if name.startswith("checklist.")}
        assert len(items) > 5
        page = await she.send(form, end, ended_at=local(minutes=1), ending="finished", **items)
        assert page.path == f"{panels}/statements", page.text
        register = await she.get(f"{panels}/statements/register")
        assert register.form("/register").choices["interviews"] == [session["id"]]
        page = await she.send(register, "/register", interviews=[session["id"]], reference=SCRIPT)
        opened = await she.send(page, f"{panels}/statements", reason="check")
        assert SCRIPT not in opened.text
        assert "&lt;script&gt;" in opened.text
        assert end not in opened.text, "it has ended"

    @pytest.mark.rule("R-11")
    async def test_whom_a_case_is_kept_from_meets_nothing(self, mesh: World) -> None:
        she, account = await at_work(mesh, "police")
        referral_id = await case(mesh, until="acknowledge", blocked=[account.pseudonym])
        for path in ("panels", "panels/officers", "panels/officers/assign"):
            assert (await she.get(f"/referrals/{referral_id}/{path}")).status == 404

    async def test_every_form_of_a_case_opens(self, mesh: World) -> None:
        await every_form_opens(mesh, "police", await case(mesh, "POL-04"))

    async def test_another_service_s_panels_are_not_there(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        she, _ = await at_work(mesh, "police")
        for path in ("orders", "windows", "officers/nothing", f"officers/assign/{referral_id}", "statements/end"):
            assert (await she.get(f"/referrals/{referral_id}/panels/{path}")).status == 404
        assert OFFICER not in (await she.get(f"/referrals/{referral_id}/panels")).text


class TestHealth:
    """Care against time, evidence, what leaves."""

    async def test_a_need_starts_its_clock_counted_from_what_is_on_record(self, mesh: World) -> None:
        referral_id = await post_rape_care(mesh, None)
        she, account = await at_work(mesh, "health", language="vi")
        panels = f"/referrals/{referral_id}/panels"
        form = await she.get(f"{panels}/windows/incident")
        page = await she.send(form, "/incident", incident_at=local(hours=5), source="she_said")
        assert page.path == f"{panels}/windows", page.text
        needs = {"hiv_exposure": "yes", "pregnancy_possible": "no", "hepatitis_b_open": "no", "strangulation": "no"}
        page = await she.send(await she.get(f"{panels}/windows/assess"), "/assess", **needs)
        assert "Dự phòng sau phơi nhiễm HIV" in page.text
        assert "HEA-PEP-START" in page.text
        opened = await she.send(page, f"{panels}/windows", reason="case_work")
        assert "Xét nghiệm HIV ngay" in opened.text, "what is still offered, in her language"
        assert await visits(mesh, account, referral_id, kind="health") == [("windows", "case_work")]
        await every_form_opens(mesh, "health", referral_id)

    @pytest.mark.rule("R-21")
    async def test_evidence_is_not_handed_to_the_police_without_her_word(self, mesh: World) -> None:
        referral_id = await forensic_case(mesh, handing_over=False)
        she, account = await at_work(mesh, "health")
        panel = f"/referrals/{referral_id}/panels/evidence"
        empty = await she.get(f"{panel}/hand-over")
        assert "There is nothing to choose from yet." in empty.text
        taken_at = {"collected_at": local(minutes=20), "kind": "oral"}
        form = await she.get(f"{panel}/specimen")
        page = await she.send(form, "/specimen", seal="A-17", kept_at="F2/4", **taken_at)
        assert page.path == panel, page.text
        form = await she.get(f"{panel}/hand-over")
        (specimen,) = form.form("/hand-over").choices["specimens"]
        given = {"specimens": [specimen], "given_by": account.pseudonym, "taken_by": "police-1", "to": "police"}
        page = await she.send(form, "/hand-over", handed_at=local(), seal_intact="yes", **given)
        assert page.status in {409, 422}
        assert "Ask her whether it may be handed over" in page.text
        assert "R-21" in page.text


class TestLegalAid:
    """Eligibility, proceedings."""

    async def test_her_request_is_answered_and_read_with_a_reason(self, mesh: World) -> None:
        referral_id = await taken(mesh, "Le Thi Sen")
        she, account = await at_work(mesh, "legal_aid", language="vi")
        panel = f"/referrals/{referral_id}/panels/eligibility"
        said = {"domestic_violence": "yes", "hardship": "self_declared", "trafficking_status": "possible"}
        page = await she.send(await she.get(f"{panel}/answer"), "/answer", haste="general", **said)
        assert page.path == panel, page.text
        assert "Trả lời yêu cầu 1" in page.text
        opened = await she.send(page, panel, reason="case_work")
        assert "Tự khai" in opened.text
        assert await visits(mesh, account, referral_id, kind="legal_aid") == [("legal-file", "case_work")]
        await every_form_opens(mesh, "legal_aid", referral_id)

    @pytest.mark.rule("R-11")
    async def test_nobody_handles_a_complaint_against_themselves(self, mesh: World) -> None:
        referral_id = await taken(mesh, "Tran Thi Na", service="LEG-08")
        she, account = await at_work(mesh, "legal_aid")
        form = await she.get(f"/referrals/{referral_id}/panels/complaints/lodge")
        against = {"against_person": account.pseudonym, "handler": account.pseudonym}
        page = await she.send(form, "/lodge", matter="delay", **against)
        assert page.status == 403
        assert "R-11" in page.text


class TestSocial:
    """Beds, the safety plan."""

    @pytest.mark.rule("R-18")
    async def test_a_bed_is_chosen_by_the_code_of_its_house_and_no_address_is_shown(self, mesh: World) -> None:
        referral_id = await sheltered(mesh)
        place_id = await a_house(mesh["social"], address=ADDRESS)
        she, _ = await at_work(mesh, "social")
        panel = f"/referrals/{referral_id}/panels/beds"
        form = await she.get(f"{panel}/admit")
        assert place_id in form.form("/admit").choices["place_id"]
        one = {"beds.woman": "1", "beds.child": "0", "beds.accessible": "0"}
        page = await she.send(form, "/admit", place_id=place_id, **one)
        assert page.path == panel, page.text
        opened = await she.send(page, panel, reason="case_work")
        assert "Admitted" in opened.text
        for text in (form.text, page.text, opened.text):
            assert ADDRESS not in text
        again = await she.send(await she.get(f"{panel}/admit"), "/admit", place_id=place_id, **one)
        assert again.status == 409
        assert "SOC-BED" in again.text
        await every_form_opens(mesh, "social", referral_id)

    async def test_a_plan_has_as_many_steps_as_she_wants_without_a_script(self, mesh: World) -> None:
        referral_id = await sheltered(mesh)
        she, _ = await at_work(mesh, "social")
        panel = f"/referrals/{referral_id}/panels/safety-plan"
        first = {"plan.steps.0.situation": "leaving", "plan.steps.0.what": SCRIPT}
        more = await she.send(await she.get(f"{panel}/save"), "/save", button=("more", "plan.steps"), **first)
        assert ("plan.steps.0.what", SCRIPT) in more.form("/save").fields, "what was typed is kept"
        second = {"plan.steps.1.situation": "leaving", "plan.steps.1.what": "Take the bag"}
        page = await she.send(more, "/save", based_on="0", made_with_her="yes", **second)
        assert page.path == panel, page.text
        opened = await she.send(page, panel, reason="check")
        assert "Take the bag" in opened.text
        assert SCRIPT not in opened.text
        stale = await she.send(await she.get(f"{panel}/save"), "/save", based_on="0", made_with_her="yes", **first)
        assert stale.status == 422
