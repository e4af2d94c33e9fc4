"""Promise 6: nothing is lost and nothing happens twice, whichever process is killed in the middle of the traffic.

A hospital's system refers people through its agency service. The victim is killed with SIGKILL right after it has
committed something, so that what it did is durable and unheard of. The supervisor starts it again.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count

import pytest

from mesh.audit import verify
from mesh.clients import credentials_of, oversight_client
from mesh.demo.case import HEALTH, SOCIAL
from mesh.home import Home
from shared.kernel.clock import SystemClock, to_wire
from shared.ledger.entry import Entry, read_leaf
from shared.transport.gateway_client import GatewayClient
from tests.support.crashing import (
    SENDER,
    Crash,
    a_killer,
    agency_id_of,
    counted,
    kill_after_commit,
    part_of,
    wait_until_back,
)
from tests.support.traffic import (
    FORBIDDEN_EACH,
    Answers,
    PartnerSystem,
    is_forbidden,
    key_of,
    name_of,
    partner_system,
    permitted,
    refer_many,
)

#: How many people are referred while one victim is killed: five victims, so a thousand in all.
REFERRALS = int(os.environ.get("CRASH_REFERRALS", "200"))
#: When each victim is killed: after this many answers of every hundred, as often as it takes until a kill was early
#: enough to be heard of by nobody.
KILLED_AFTER = range(10, 100, 10)
#: How often the traffic begins anew when it was over before there was such a kill.
ROUNDS = 3
SETTLED_WITHIN = 60
OPENED = 3
_numbers = count()

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + REFERRALS)]


@pytest.fixture(scope="module")
def killer() -> Iterator[ProcessPoolExecutor]:
    with a_killer() as killer:
        yield killer


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the traffic with a victim, and what everybody was told."""

    began: str
    recipient: str
    numbers: range
    answers: Answers
    crashes: Sequence[Crash]

    @property
    def sent(self) -> dict[str, int]:
        """The acknowledged referrals that she agreed to: their numbers by their ids."""
        return {one: number for number, one in self.answers.acknowledged.items() if not is_forbidden(number)}

    @property
    def only_queued(self) -> set[str]:
        """What goes beyond her consent and was acknowledged as queued, while the gateway was away."""
        return {one for number, one in self.answers.acknowledged.items() if is_forbidden(number)}


@pytest.mark.parametrize("victim", ["gateway", "health", "police", "legal_aid", "social"])
async def test_killed_process_loses_nothing_and_repeats_nothing(
    home: Home, killer: ProcessPoolExecutor, victim: str
) -> None:
    for _ in range(ROUNDS):
        run = await traffic_with_crashes(home, killer, victim)
        await assert_nothing_is_lost_or_repeated(home, run)
        if any(crash.unheard for crash in run.crashes):
            return
    pytest.fail("no kill hit the moment between a commit and its answer")


async def assert_nothing_is_lost_or_repeated(home: Home, run: Run) -> None:
    """Everybody has what was acknowledged, once, and nothing else; the gateway has nothing of it."""
    assert set(run.sent.values()) == set(permitted(run.numbers))
    await until_settled(home)
    refused = await assert_sender_knows(home, run)
    await assert_recipient_has_each_once(home, run)
    await assert_ledger_tells_each_once(home, run, refused)
    assert_gateway_keeps_no_text(home)


async def traffic_with_crashes(home: Home, killer: ProcessPoolExecutor, victim: str) -> Run:
    """Refer people while the victim is killed."""
    recipient = agency_id_of(victim) if part_of(victim) == "recipient" else SOCIAL
    first = next(_numbers) * 1_000_000
    numbers, answers = range(first, first + REFERRALS), Answers()
    began = to_wire(SystemClock().now())

    def unanswered() -> set[str]:
        return {key_of(number) for number in numbers if not answers.has(number)}

    async def crash_until_unheard() -> list[Crash]:
        crashes = list[Crash]()
        for percent in KILLED_AFTER:
            await answers.reach(REFERRALS * percent // 100)
            crash = await kill_after_commit(home, victim, killer=killer, unanswered=unanswered)
            if crash is None:
                break
            crashes.append(crash)
            await wait_until_back(home, victim, killed=crash.pid)
            if crash.unheard:
                break
        return crashes

    async with partner_system(credentials_of(home), HEALTH) as hospital, asyncio.TaskGroup() as group:
        killing = group.create_task(crash_until_unheard())
        group.create_task(refer_many(hospital, recipient, numbers=numbers, answers=answers))
    return Run(began, recipient, numbers, answers, killing.result())


async def until_settled(home: Home) -> None:
    """Return once everything that was sent is answered and everything that was queued is signed for."""
    async with asyncio.timeout(SETTLED_WITHIN):
        while waiting(home):
            await asyncio.sleep(0.1)


def waiting(home: Home) -> int:
    """Return how many messages wait in the outboxes of this traffic."""
    unsettled = "SELECT count(*) FROM {} WHERE settled_at IS NULL"
    return counted(home, SENDER, unsettled.format("letters")) + counted(home, "gateway", unsettled.format("messages"))


async def assert_sender_knows(home: Home, run: Run) -> set[str]:
    """The sender has each act once: the permitted as sent, the forbidden as refused; return the latter."""
    async with partner_system(credentials_of(home), HEALTH) as hospital:
        states = await states_of(hospital, run, box="sent")
    refused = {one for one, state in states.items() if state == "refused"}
    assert states.keys() - refused == run.sent.keys()
    assert refused >= run.only_queued
    assert len(refused) == REFERRALS // FORBIDDEN_EACH
    assert set(run.answers.refused.values()) <= {"consent.service"}
    return refused


async def assert_recipient_has_each_once(home: Home, run: Run) -> None:
    """The recipient has exactly what was acknowledged, delivered; what it opens is what was sent under its number."""
    async with partner_system(credentials_of(home), run.recipient) as recipient:
        assert await states_of(recipient, run, box="received") == dict.fromkeys(run.sent, "delivered")
        for referral_id, number in list(run.sent.items())[:: len(run.sent) // OPENED]:
            for step in ("acknowledge", "accept"):
                await recipient.done("POST", f"/v1/referrals/{referral_id}/{step}", json={})
            shown = await recipient.done("GET", f"/v1/referrals/{referral_id}")
            contents = {part["name"]: part.get("content") for part in shown["compartments"]}
            assert contents["identity"]["name"] == name_of(number)


async def states_of(agency: PartnerSystem, run: Run, *, box: str) -> dict[str, str]:
    """Return the state of each referral of a run in a list, which may name none twice."""
    items = [item for item in await agency.listed("/v1/referrals", box=box) if item["sent_at"] >= run.began]
    states = {item["referral_id"]: item["state"] for item in items}
    assert len(states) == len(items)
    return states


async def assert_ledger_tells_each_once(home: Home, run: Run, refused: set[str]) -> None:
    """One admission and one delivery for each referral, no admission of what was refused; and the tree verifies."""
    entries = [entry for entry in await ledger_of(home) if entry.at >= run.began]
    once = Counter(dict.fromkeys(run.sent, 1))
    delivered = Counter(entry.message_id for entry in entries if entry.kind == "delivery")
    assert Counter(entry.referral_id for entry in entries if entry.kind == "referral") == once
    assert {one: times for one, times in delivered.items() if one in run.sent} == once
    assert {entry.message_id for entry in entries if entry.kind == "refusal"} == refused
    verdict = await asyncio.to_thread(verify, home)
    assert (verdict.findings, verdict.checkpoint.size >= len(entries)) == ([], True)


async def ledger_of(home: Home) -> list[Entry]:
    """Read the whole ledger as the body of oversight."""
    oversight = oversight_client(credentials_of(home))
    try:
        return [entry async for entry in _entries(oversight)]
    finally:
        await oversight.close()


async def _entries(oversight: GatewayClient) -> AsyncIterator[Entry]:
    after: dict[str, str] = {}
    while True:
        page = await oversight.get("/v1/ledger/entries", {"limit": 200, **after})
        for item in page["items"]:
            yield read_leaf(item["leaf"])
        if page["next"] is None:
            return
        after = {"after": page["next"]}


def assert_gateway_keeps_no_text(home: Home) -> None:
    """Nothing of what was sealed is left at the gateway once it was signed for."""
    kept = "SELECT count(*) FROM messages WHERE coalesce(body, signature, hub_shares) IS NOT NULL"
    assert counted(home, "gateway", kept) == 0
