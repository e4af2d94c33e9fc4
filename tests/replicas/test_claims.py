"""Claims of several processes on one PostgreSQL: disjoint, in order, and nobody waits for anybody."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any

import pytest

from gateway.adapters.desk import SqlDesk
from gateway.adapters.outbox import Claim, claim
from gateway.adapters.routes import begin_route, claim_route
from gateway.adapters.tables import MESSAGES
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, SHELTER_HOUSE, SOCIAL, Mesh
from tests.support.replicas import Beginning
from tests.support.ticking import beside

ASKED = (SOCIAL, SHELTER_HOUSE)
EACH = 3
AT_ONCE = 0.9  # seconds: far less than anybody waits for a lock


@pytest.fixture
async def mesh(begin: Beginning) -> Mesh:
    return await begin()


async def referred(mesh: Mesh, *recipients: str, times: int = 1) -> tuple[Message, list[Sent]]:
    consent = await mesh[HEALTH].record_consent(a_grant(*recipients))
    return consent, [await mesh[HEALTH].refer(to, consent) for _ in range(times) for to in recipients]


def ids(claimed: Claim | None) -> list[str]:
    return [item["message_id"] for item in claimed.items] if claimed else []


async def test_three_processes_that_claim_at_once_share_what_waits_and_keep_its_order(mesh: Mesh) -> None:
    _, sent = await referred(mesh, *ASKED, times=EACH)
    cores = [beside(mesh) for _ in range(3)]
    try:
        for agency in ASKED:
            await cores[0].writer.submit(partial(begin_route, agency_id=agency))
        asked = [(core, f"process-{number}", agency) for agency in ASKED for number, core in enumerate(cores)]
        given = await asyncio.gather(
            *(core.claims.submit(partial(claim_route, agency_id=to, holder=holder)) for core, holder, to in asked)
        )
    finally:
        for core in cores:
            core.close()
    for agency in ASKED:
        had = [ids(found) for found, (_, _, to) in zip(given, asked, strict=True) if to == agency]
        due = [one.id for one in sent if one.message["recipient"] == agency]
        assert sorted(had) == [[], [], due]  # one of the three has them all


async def test_claim_waits_neither_for_the_ledger_nor_for_an_admission_that_is_open(mesh: Mesh) -> None:
    _, (sent,) = await referred(mesh, SOCIAL)
    with closing(beside(mesh)) as busy, closing(beside(mesh)) as core:
        async with held_open(busy.writer.submit, lambda desk: desk.record("directory", SOCIAL, code="enrolled")):
            async with asyncio.timeout(AT_ONCE):
                assert ids(await core.claims.submit(partial(claim, agency_id=SOCIAL))) == [sent.id]


async def test_message_that_is_being_decided_about_does_not_leave_and_nothing_overtakes_it(mesh: Mesh) -> None:
    _, (first, other) = await referred(mesh, SOCIAL, times=2)
    note, shares = mesh[HEALTH].note_message(first, "Tới muộn một chút.")
    assert (await mesh[HEALTH].post(f"/v1/referrals/{first.id}/notes", note, hub_shares=shares)).status_code == 202
    with closing(beside(mesh)) as busy, closing(beside(mesh)) as core:
        async with held_open(busy.writer.submit, partial(_decide_about, message_id=first.id)):
            async with asyncio.timeout(AT_ONCE):
                assert ids(await core.claims.submit(partial(claim, agency_id=SOCIAL))) == [other.id]
                in_line = partial(claim, agency_id=SOCIAL, gapless=True)
                assert ids(await core.claims.submit(in_line)) == []  # a reader's cursor would pass over it
        assert ids(await core.claims.submit(partial(claim, agency_id=SOCIAL))) == [first.id, other.id, note["id"]]


async def test_decision_that_comes_during_a_claim_knows_that_the_message_has_left(mesh: Mesh) -> None:
    consent, (sent,) = await referred(mesh, SOCIAL)
    with closing(beside(mesh)) as core:
        async with held_open(core.claims.submit, partial(claim, agency_id=SOCIAL)) as claiming:
            revoking = asyncio.create_task(mesh[HEALTH].revoke(consent))
            await asyncio.wait([revoking], timeout=0.3)  # as long as it would take, were it not held back
            assert not revoking.done()
        assert ids(await claiming) == [sent.id]
        answer = await revoking
    assert answer.json()["notified"] == [SOCIAL]  # it has to seal off what it got


@asynccontextmanager
async def held_open(
    submit: Callable[..., Awaitable[Any]], work: Callable[[Any], Any]
) -> AsyncIterator[asyncio.Task[Any]]:
    """Keep a transaction open that has done its work."""
    begun, may_end = threading.Event(), threading.Event()

    def unit(desk: Any) -> Any:
        found = work(desk)
        begun.set()
        assert may_end.wait(20)
        return found

    task = asyncio.ensure_future(submit(unit))
    try:
        assert await asyncio.to_thread(begun.wait, 20)
        yield task
    finally:
        may_end.set()
        await task


def _decide_about(desk: SqlDesk, message_id: str) -> None:
    row = desk.book.get(MESSAGES, message_id)
    assert row is not None
    desk.unsettled([row["referral_id"]])
