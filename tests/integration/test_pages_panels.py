"""The panels of the professions on a referral's page: acts through forms, refusals in words, readings with a reason."""

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
from tests.support.page_client import PageClient, an_account, front_of
from tests.support.police_cases import CHECKED, OFFICER, assigned, case, journal, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCRIPT = "<script>alert(1)</script>"


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

    async def test_another_service_s_panels_are_not_there(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        she, _ = await at_work(mesh, "police")
        for path in ("orders", "windows", "officers/nothing", f"officers/assign/{referral_id}", "statements/end"):
            assert (await she.get(f"/referrals/{referral_id}/panels/{path}")).status == 404
        assert OFFICER not in (await she.get(f"/referrals/{referral_id}/panels")).text
