"""The page of a referral, clicked over the real gateway: what opens, to whom, when, and what never shows."""

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


async def stepped(worker: PageClient, referral_id: str, verb: str, **fields: Any) -> Page:
    page = await worker.get(f"/referrals/{referral_id}/{verb}")
    assert page.status == 200, page.text
    return await worker.send(page, f"/referrals/{referral_id}/{verb}", **fields)


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
