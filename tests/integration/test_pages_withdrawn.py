"""After she took her consent back: what the page of a referral still shows, and what a law makes an agency keep."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from services.police import profile as police
from shared.people.records import Role
from tests.support.agency_services import World, a_grant, agency_id, consented, referred, world
from tests.support.page_client import Page, PageClient, somebody

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

ACCOUNT = {
    "contact": {"name_to_use": "M."},
    "safety": {"band": "R3"},
    "preferences": {"staff_gender": "any"},
    "identity": {"name": "M.", "sex": "female"},
    "incident": {"types": ["physical"]},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A nurse, and a police unit whose people weigh whether a law makes them keep evidence."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(police, "PROFILE", replace(police.PROFILE, weighs_holds=True))
        async with world(tmp_path_factory.mktemp("withdrawn"), "health", "police") as made:
            yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def officer(mesh: World) -> PageClient:
    return await somebody(mesh.services["police"].app, Role.CASEWORKER)


async def taken_back(mesh: World, officer: PageClient) -> str:
    """The police read what she told; then she takes her consent back."""
    consent = await consented(mesh["health"], a_grant("police", "POL-01", names=list(ACCOUNT)))
    told = {"service_type": "POL-01", "recipient": agency_id("police"), "compartments": ACCOUNT, "phoned_first": True}
    referral_id = await referred(mesh["health"], consent, **told)
    await mesh["police"].until(referral_id, lambda seen: seen["state"] == "delivered")
    assert "113" in (await officer.get(f"/referrals/{referral_id}")).text
    assert "Physical" in (await opened(officer, referral_id, "incident", "contact", reason="triage")).text
    revocation = f"/v1/consents/{consent['id']}/revocations"
    await mesh["health"].done(revocation, {"by": "survivor"})
    await mesh["police"].until(referral_id, lambda seen: seen["state"] == "revoked")
    return referral_id


async def opened(officer: PageClient, referral_id: str, *parts: str, reason: str) -> Page:
    page = await officer.get(f"/referrals/{referral_id}/open")
    return await officer.send(page, "/open", part=list(parts), reason=reason)


async def test_evidence_waits_for_a_person_and_is_read_for_the_law_alone(mesh: World, officer: PageClient) -> None:
    referral_id = await taken_back(mesh, officer)
    page = await officer.get(f"/referrals/{referral_id}")
    assert "A person must decide whether a law makes us keep it" in page.text
    assert "Nothing can be opened now." in (await officer.get(f"/referrals/{referral_id}/open")).text
    form = await officer.get(f"/referrals/{referral_id}/seal")
    assert set(form.form("/seal").choices["result"]) == {"", "sealed", "legal_hold", "extended"}
    assert (await officer.send(form, "/seal")).status == 422
    done = await officer.send(form, "/seal", result="legal_hold", article="CPC-2015/99")
    assert (done.status, done.path) == (200, f"/referrals/{referral_id}")
    asked = await officer.get(f"/referrals/{referral_id}/open")
    assert asked.form("/open").choices["part"] == ["incident"]
    assert "Physical" not in (await opened(officer, referral_id, "incident", reason="case_work")).text
    assert "Physical" in (await opened(officer, referral_id, "incident", reason="legal_hold")).text


async def test_page_says_that_nothing_can_be_read_once_all_is_destroyed(mesh: World, officer: PageClient) -> None:
    referral_id = await taken_back(mesh, officer)
    form = await officer.get(f"/referrals/{referral_id}/seal")
    page = await officer.send(form, "/seal", result="sealed")
    assert "Destroyed. Nobody can read it again." in page.text
    assert "She took her consent back" in page.text
    assert "Nothing can be opened now." in (await officer.get(f"/referrals/{referral_id}/open")).text
    notes = await officer.get(f"/referrals/{referral_id}/notes")
    assert "nothing more is written about it" in notes.text
