"""Keys are exchanged in the middle of the traffic, and nothing is lost or left closed."""

import asyncio
from collections import Counter

import pytest

from mesh.clients import credentials_of
from mesh.demo.case import HEALTH, SOCIAL
from mesh.home import Home
from mesh.roster import deployable_named
from mesh.rotation import listed
from shared.kernel.clock import SystemClock, to_wire
from tests.e2e.test_crashes import (
    OPENED,
    Run,
    assert_recipient_has_each_once,
    states_of,
    until_settled,
)
from tests.support.processes import run_mesh
from tests.support.traffic import Answers, partner_system, permitted, refer_many

REFERRALS = 60
FIRST = 90_000_000

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_keys_of_sender_and_recipient_are_exchanged_in_the_middle_and_nothing_is_lost(home: Home) -> None:
    run = Run(to_wire(SystemClock().now()), SOCIAL, range(FIRST, FIRST + REFERRALS), Answers(), [])
    before = {name: current(home, name) for name in ("health", "social")}
    async with partner_system(credentials_of(home), HEALTH) as hospital, asyncio.TaskGroup() as group:
        group.create_task(rotate_while(home, run))
        group.create_task(refer_many(hospital, SOCIAL, numbers=run.numbers, answers=run.answers))
    assert set(run.sent.values()) == set(permitted(run.numbers))
    assert all(current(home, name).isdisjoint(kids) for name, kids in before.items()), "no key was exchanged"
    await until_settled(home)
    await assert_recipient_has_each_once(home, run)
    await until_settled(home)
    async with partner_system(credentials_of(home), HEALTH) as hospital:
        states = await states_of(hospital, run, box="sent")
    assert Counter(states.values())["accepted"] == OPENED, "an answer under a new key was not believed"


async def rotate_while(home: Home, run: Run) -> None:
    """Exchange the keys of the recipient, then of the sender, each when some of the referrals are answered."""
    for name, percent in (("social", 20), ("health", 50)):
        await run.answers.reach(REFERRALS * percent // 100)
        outcome = await asyncio.to_thread(run_mesh, "keys", "rotate", name, "--home", str(home.root))
        assert outcome.returncode == 0, outcome.stderr


def current(home: Home, name: str) -> set[str]:
    """The kids of the keys that a service works with now."""
    deployable = deployable_named(name)
    assert deployable is not None
    return {key["kid"] for key in listed(home, deployable) if key["state"] == "current"}


def test_an_older_key_is_let_go_and_a_current_one_is_not(home: Home) -> None:
    run_mesh("keys", "rotate", "police", "--only", "signing", "--home", str(home.root))
    police = deployable_named("police")
    assert police is not None
    keys = list(listed(home, police))
    older = next(key["kid"] for key in keys if key["state"] == "older")
    kept = run_mesh("keys", "drop", "police", next(iter(current(home, "police"))), "--home", str(home.root))
    assert kept.returncode == 1
    assert run_mesh("keys", "drop", "police", older, "--home", str(home.root)).returncode == 0
    assert older not in {key["kid"] for key in listed(home, police)}
