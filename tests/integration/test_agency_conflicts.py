"""A member of staff declares a conflict of interest: the case disappears for that person, and no work is lost.

The declaring person is played as an attacker: whatever is asked in that person's name is answered byte for byte as it
would be if the case were not there.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.agency.acting import pseudonym_of
from shared.agency.handling import VERBS
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from tests.support.agency_services import (
    CASE,
    PARTNER,
    REASON,
    Client,
    World,
    a_consent,
    a_grant,
    agency_id,
    consented,
    contents,
    databases,
    referred,
    shared_databases,
    world,
)

__all__ = ["databases", "shared_databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

OFFICER, COLLEAGUE, SUPERVISOR = "officer-7", "officer-8", "supervisor-1"
AS_OFFICER = {"Access-Actor": OFFICER}
#: What differs between two answers that say the same: the id that was asked for, and the trace.
_OWN = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=-)[0-9a-f]{16}(?=-)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("world")
    async with world(folder, "health", "social", database_url=shared_databases, enrolled=["legal_aid"]) as made:
        yield made


@pytest.fixture
def mesh(shared: World) -> Iterator[World]:
    yield shared
    shared.wire.mend()


@pytest_asyncio.fixture(loop_scope="module")
async def empty(tmp_path: Path, databases: Callable[[str], str]) -> AsyncIterator[World]:
    """A mesh in which nobody was referred yet."""
    async with world(tmp_path, "health", "social", database_url=databases) as made:
        yield made


async def arrived(mesh: World, **changes: Any) -> str:
    """A referral that social services have received."""
    referral_id = await referred(mesh["health"], await consented(mesh["health"]), **changes)
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    return referral_id


async def accepted(mesh: World, **changes: Any) -> str:
    referral_id = await arrived(mesh, **changes)
    await mesh["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {"actor": OFFICER})
    await mesh["social"].done(f"/v1/referrals/{referral_id}/accept", {"actor": OFFICER})
    return referral_id


async def declared(social: Client, referral_id: str, **changes: Any) -> dict[str, Any]:
    return await social.done(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": OFFICER, **changes})


def onward() -> dict[str, Any]:
    return {
        "service_type": "LEG-01",
        "recipient": agency_id("legal_aid"),
        "consent_id": Uuid7Factory(SystemClock()).new(),
        "compartments": {"contact": CASE["contact"], "preferences": CASE["preferences"]},
        "actor": OFFICER,
    }


SENT_BY_THE_OTHER_SIDE = {"provide-info", "attempt-contact"}
#: Every address of a case, and what to send there: as OFFICER.
POSTS: dict[str, dict[str, Any]] = {
    **{
        verb: {"actor": OFFICER}
        for verb in ("acknowledge", "accept", "request-info", "schedule", "start", "hold", "resume", "complete")
    },
    **{verb: {"actor": OFFICER} for verb in ("fail", "withdraw", "close", "cancel", "mark-error", "seal")},
    "decline": {"actor": OFFICER, "reason": "D05"},
    "notes": {"actor": OFFICER, "text": "Is she there?"},
    "declare-conflict": {"actor": OFFICER, "hand_over_to": COLLEAGUE},
    "request-statement": {"actor": OFFICER},
    "confirm-override": {"actor": OFFICER},
    "told": {"actor": OFFICER},
}


def same(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    """What an attacker can compare of an answer."""
    kept = {name: value for name, value in answer.headers.items() if not name.startswith(("ratelimit", "x-ratelimit"))}
    return answer.status_code, {name: _OWN.sub("#", value) for name, value in kept.items()}, _OWN.sub("#", answer.text)


async def test_the_case_disappears_for_whoever_declared_a_conflict(mesh: World) -> None:
    """Compared with a case that never was: reading, notes, the chain, onward referral, every verb of the lifecycle."""
    assert VERBS.keys() <= POSTS.keys() | SENT_BY_THE_OTHER_SIDE
    social = mesh["social"]
    referral_id, never_was = await accepted(mesh), Uuid7Factory(SystemClock()).new()
    await declared(social, referral_id, hand_over_to=COLLEAGUE)
    for path in ("", "?compartments=identity", "/notes", "/chain"):
        hers, nobodys = [
            await social.http.get(f"/v1/referrals/{one}{path}", headers={**REASON, **AS_OFFICER})
            for one in (referral_id, never_was)
        ]
        assert hers.status_code == 404
        assert same(hers) == same(nobodys), path
    posts = {**POSTS, "onward": onward()}
    for name, body in posts.items():
        hers, nobodys = [await social.post(f"/v1/referrals/{one}/{name}", body) for one in (referral_id, never_was)]
        assert hers.status_code == 404, (name, hers.text)
        assert same(hers) == same(nobodys), name


async def test_an_idempotency_key_of_before_does_not_show_it_again(mesh: World) -> None:
    referral_id = await arrived(mesh)
    path = f"/v1/referrals/{referral_id}/acknowledge"
    assert (await mesh["social"].post(path, {"actor": OFFICER}, Idempotency_Key="k-1")).status_code == 202
    await declared(mesh["social"], referral_id)
    assert (await mesh["social"].post(path, {"actor": OFFICER}, Idempotency_Key="k-1")).status_code == 404


async def test_lists_and_pages_have_no_gap_where_the_case_was(empty: World) -> None:
    social = empty["social"]
    ids = [await arrived(empty) for _ in range(4)]
    hidden, seen = ids[2], [ids[3], ids[1], ids[0]]
    await declared(social, hidden)
    for path in ("/v1/referrals?box=received", "/v1/social/worklists/shelter?"):
        for limit in (1, 2, 3, 4):
            found: list[str] = []
            after, pages = "", 0
            while True:
                page = (await social.get(f"{path}&limit={limit}{after}", Access_Actor=OFFICER)).json()
                found += [one["referral_id"] for one in page["items"]]
                pages += 1
                if page["next"] is None:
                    break
                assert len(page["items"]) == limit, "a page that goes on is full"
                after = f"&after={page['next']}"
            assert sorted(found) == sorted(seen)
            assert pages == len(seen) // limit + 1
    everybody = (await social.get("/v1/referrals?box=received", Access_Actor=COLLEAGUE)).json()["items"]
    assert [one["referral_id"] for one in everybody] == ids[::-1]


async def test_a_colleague_takes_the_case_over_and_opens_it(mesh: World) -> None:
    social = mesh["social"]
    referral_id = await accepted(mesh)
    answer = await declared(social, referral_id, hand_over_to=COLLEAGUE)
    assert answer["conflict"]["handed_to"] == COLLEAGUE
    assert answer.keys() == {"conflict", "receipt"}, "nothing of the case"
    assert answer["receipt"]["ledger_index"] > 0
    seen = await social.seen(referral_id, Access_Actor=COLLEAGUE)
    assert contents(seen) == CASE
    (handed,) = [one for one in seen["history"] if one["type"] == "handed_over"]
    assert (handed["actor"], handed["data"]) == (None, {"assigned": COLLEAGUE})
    await social.done(f"/v1/referrals/{referral_id}/start", {"actor": COLLEAGUE})


async def test_supervisors_see_who_declared_and_nobody_sees_why(empty: World) -> None:
    social = empty["social"]
    first, second = await arrived(empty), await arrived(empty)
    await declared(social, first, hand_over_to=COLLEAGUE)
    await declared(social, second, actor=SUPERVISOR)
    items = (await social.get("/v1/conflicts", Access_Actor="supervisor-2")).json()["items"]
    assert [(one["referral_id"], one["actor"], one["handed_to"]) for one in items] == [
        (first, OFFICER, COLLEAGUE),
        (second, SUPERVISOR, None),
    ]
    assert items[0].keys() == {
        "id", "conflict_id", "referral_id", "chain_id", "actor", "declared_at", "handed_to", "given_back", "state",
    }  # fmt: skip
    own = (await social.get("/v1/conflicts", Access_Actor=SUPERVISOR)).json()["items"]
    assert [one["referral_id"] for one in own] == [first]
    assert (await social.get("/v1/conflicts", Access_Actor=OFFICER)).json()["items"] == [items[1]]


async def test_when_nobody_else_can_take_it_the_case_goes_back_with_another_agency_to_ask(mesh: World) -> None:
    referral_id = await arrived(mesh)
    alternative = agency_id("legal_aid")
    await declared(mesh["social"], referral_id, nobody_else=True, alternative=alternative)
    seen = await mesh["health"].until(referral_id, lambda one: one["state"] == "declined")
    (back,) = [one for one in seen["history"] if one["type"] == "declined"]
    assert back["data"] == {"reason": "D05", "alternative": alternative}
    assert OFFICER not in json.dumps(seen), "who had the conflict is nobody else's affair"


async def test_a_case_that_had_begun_is_given_back_too(mesh: World) -> None:
    referral_id = await accepted(mesh)
    await mesh["social"].done(f"/v1/referrals/{referral_id}/start", {"actor": COLLEAGUE})
    await declared(mesh["social"], referral_id, nobody_else=True)
    seen = await mesh["health"].until(referral_id, lambda one: one["state"] == "failed")
    assert [one["data"] for one in seen["history"] if one["type"] == "failed"] == [{"reason": "D05"}]


async def test_the_whole_chain_disappears_and_the_consent_with_it(mesh: World) -> None:
    health, social = mesh["health"], mesh["social"]
    consent = await consented(health, a_grant("social", onward=True))
    first = await referred(health, consent)
    second = await referred(health, consent, parent_id=first)
    for one in (first, second):
        await social.until(one, lambda seen: seen["state"] == "delivered")
    narrower = a_consent(a_grant("social"), derived_from=consent["id"], valid_to=consent["valid_to"])
    mine = (await social.done("/v1/consents", narrower))["consent"]
    await declared(social, first)
    assert (await social.get(f"/v1/referrals/{second}", Access_Actor=OFFICER)).status_code == 404
    assert (await social.get(f"/v1/referrals/{second}", Access_Actor=COLLEAGUE)).status_code == 200
    assert (await social.get(f"/v1/consents/{mine['id']}", Access_Actor=COLLEAGUE)).status_code == 200
    never_was = Uuid7Factory(SystemClock()).new()
    for what in ("propagation", "certificate"):
        hers, nobodys = [
            await social.get(f"/v1/consents/{one}/{what}", Access_Actor=OFFICER) for one in (consent["id"], never_was)
        ]
        assert hers.status_code == 404
        assert same(hers) == same(nobodys)


async def test_a_declaration_holds_at_once_while_the_gateway_is_away(mesh: World) -> None:
    social = mesh["social"]
    referral_id = await accepted(mesh)
    mesh.wire.cut = True
    answer = await social.post(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": OFFICER})
    assert (answer.status_code, answer.json()["receipt"]) == (202, None)
    assert (await social.get(f"/v1/referrals/{referral_id}", Access_Actor=OFFICER)).status_code == 404
    mesh.wire.cut = False
    seen = await social.seen(referral_id, Access_Actor=COLLEAGUE)
    assert {one["code"] for one in seen["compartments"]} <= {None, "peer.unreachable"}, "nobody is refused in her place"

    async def open_to_colleagues() -> bool:
        return contents(await social.seen(referral_id, Access_Actor=COLLEAGUE)) == CASE

    async with asyncio.timeout(30):  # the letter has been tried for seconds by now, and waits as long for its next turn
        while not await open_to_colleagues():
            await asyncio.sleep(0.05)


async def test_a_repeated_declaration_is_answered_by_its_key_and_otherwise_by_nobody(mesh: World) -> None:
    referral_id = await arrived(mesh)
    path, body = f"/v1/referrals/{referral_id}/declare-conflict", {"actor": OFFICER}
    first = await mesh["social"].post(path, body, Idempotency_Key="k-9")
    again = await mesh["social"].post(path, body, Idempotency_Key="k-9")
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (202, first.json(), "true")
    assert (await mesh["social"].post(path, body)).status_code == 404
    items = (await mesh["social"].get("/v1/conflicts")).json()["items"]
    assert [one["referral_id"] for one in items].count(referral_id) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/actor"),
        ({"actor": OFFICER, "hand_over_to": OFFICER}, "/hand_over_to"),
        ({"actor": OFFICER, "hand_over_to": COLLEAGUE, "nobody_else": True}, "/hand_over_to"),
        ({"actor": OFFICER, "alternative": "legal-aid-test"}, "/alternative"),
        ({"actor": OFFICER, "reason": "my brother"}, "/reason"),
        ({"actor": pseudonym_of("social-test", PARTNER)}, "/actor"),
    ],
)
async def test_a_declaration_names_a_person_and_says_no_reason(mesh: World, body: dict[str, Any], pointer: str) -> None:
    referral_id = await arrived(mesh)
    answer = await mesh["social"].post(f"/v1/referrals/{referral_id}/declare-conflict", body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_a_case_is_not_handed_to_somebody_it_is_kept_from(mesh: World) -> None:
    social = mesh["social"]
    referral_id = await arrived(mesh, blocked=["brother-in-law"])
    for colleague in ("brother-in-law", SUPERVISOR):
        if colleague == SUPERVISOR:
            await declared(social, referral_id, actor=SUPERVISOR)
        body = {"actor": OFFICER, "hand_over_to": colleague}
        answer = await social.post(f"/v1/referrals/{referral_id}/declare-conflict", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "referral.blocked")
    assert (await social.seen(referral_id, Access_Actor=OFFICER))["state"] == "delivered"


async def test_who_sent_a_case_blocks_by_name_and_declares_nothing(mesh: World) -> None:
    referral_id = await arrived(mesh)
    answer = await mesh["health"].post(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": OFFICER})
    assert (answer.status_code, answer.json()["code"]) == (403, "referral.not-recipient")


async def test_what_cannot_be_given_back_is_not(mesh: World) -> None:
    social = mesh["social"]
    referral_id = await accepted(mesh)
    await social.done(f"/v1/referrals/{referral_id}/start", {})
    await social.done(f"/v1/referrals/{referral_id}/complete", {"outcome": "completed_full"})
    body = {"actor": OFFICER, "nobody_else": True}
    answer = await social.post(f"/v1/referrals/{referral_id}/declare-conflict", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "referral.transition")
    await declared(social, referral_id)
