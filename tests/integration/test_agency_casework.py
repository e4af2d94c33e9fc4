"""A sector's casework, on the example of the police's first question: done once, logged, refused, sealed off."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.police.records import NeedsCheck
from services.police.tables import ROWS
from shared.agency.adapters.store import SqlStore
from tests.support.agency_services import World, shared_databases, states, world
from tests.support.casework import a_case

__all__ = ["shared_databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWERS: Mapping[str, Any] = {
    "actor": "officer-7",
    "medical": "seen_to",
    "safety": "seen_to",
    "food_and_rest": "no_need",
    "child": "declined_by_her",
}
REPORT: Mapping[str, Any] = {
    "identity": {"name": "Nguyen Thi Mau", "sex": "female"},
    "contact": {"name_to_use": "M."},
    "incident": {"types": ["physical"]},
    "preferences": {"staff_gender": "any"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[World]:
    """A health service and the police; each test has a case of its own."""
    folder = tmp_path_factory.mktemp("casework")
    async with world(folder, "health", "police", database_url=shared_databases) as made:
        yield made


async def journal(mesh: World, referral_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await mesh["police"].get(f"/v1/referrals/{referral_id}/acts")).json()["items"]
    return items


async def stored(mesh: World, check_id: str) -> NeedsCheck:
    """A check as it lies in the database."""
    store = SqlStore(mesh.services["police"].settings.database_url.get_secret_value(), rows=ROWS)
    try:
        found = await store.read(lambda reading: reading.get(NeedsCheck, check_id))
    finally:
        store.close()
    assert found is not None
    return found


async def test_an_act_is_done_once_and_is_in_the_journal(mesh: World) -> None:
    referral_id = await a_case(mesh, "health", "police", "POL-03", compartments=REPORT, until="acknowledge")
    path = f"/v1/police/referrals/{referral_id}/needs-checks"
    first = await mesh["police"].post(path, ANSWERS, Idempotency_Key="k1")
    again = await mesh["police"].post(path, ANSWERS, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert [(one["act"], one["actor"], one["outcome"]) for one in await journal(mesh, referral_id)] == [
        ("police.check-needs", "officer-7", "done")
    ]


async def test_another_request_under_the_same_key_is_refused_and_the_refusal_is_in_the_journal(mesh: World) -> None:
    referral_id = await a_case(mesh, "health", "police", "POL-03", compartments=REPORT, until="acknowledge")
    path = f"/v1/police/referrals/{referral_id}/needs-checks"
    await mesh["police"].done(path, ANSWERS, Idempotency_Key="k2")
    other = await mesh["police"].post(path, {**ANSWERS, "child": "open"}, Idempotency_Key="k2")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.reused")
    assert [one["code"] for one in await journal(mesh, referral_id)] == [None, "idempotency.reused"]


async def test_what_is_kept_about_her_is_not_in_clear_and_is_gone_when_the_case_is_sealed_off(mesh: World) -> None:
    referral_id = await a_case(mesh, "health", "police", "POL-03", compartments=REPORT)
    made = await mesh["police"].done(f"/v1/police/referrals/{referral_id}/needs-checks", ANSWERS)
    kept = await stored(mesh, made["id"])
    assert b"declined_by_her" not in kept.content
    await mesh["police"].done(f"/v1/referrals/{referral_id}/withdraw", {"reason": "survivor_asked"})
    await mesh["police"].until(referral_id, lambda seen: seen["sealed_off_at"] is not None)
    after = await mesh["police"].post(f"/v1/police/referrals/{referral_id}/needs-checks", ANSWERS)
    assert (after.status_code, after.json()["code"]) == (403, "referral.ended")
    assert after.json()["reasons"][0]["rule"] == "R-16"


@pytest.mark.rule("R-16")
async def test_a_part_that_she_takes_back_leaves_the_casework_readable(mesh: World) -> None:
    compartments = {**REPORT, "safety": {"band": "R3"}}
    referral_id = await a_case(mesh, "health", "police", "POL-03", compartments=compartments)
    made = await mesh["police"].done(f"/v1/police/referrals/{referral_id}/needs-checks", ANSWERS)
    consent_id = (await mesh["police"].seen(referral_id))["basis"]["consent_id"]
    part = {"by": "survivor", "compartments": ["safety"]}
    await mesh["health"].done(f"/v1/consents/{consent_id}/revocations", part)
    await mesh["police"].until(referral_id, lambda seen: states(seen)["safety"] == "destroyed", query="")
    listed = await mesh["police"].get(f"/v1/police/referrals/{referral_id}/needs-checks")
    assert [(one["id"], one["answers"]["child"]) for one in listed.json()["items"]] == [(made["id"], "declined_by_her")]


async def test_a_case_that_is_not_here_is_not_found(mesh: World) -> None:
    absent = "01900000-0000-7000-8000-000000000000"
    answer = await mesh["police"].post(f"/v1/police/referrals/{absent}/needs-checks", ANSWERS)
    assert (answer.status_code, answer.json()["code"]) == (404, "referral.unknown")
