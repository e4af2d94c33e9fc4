"""A copy is made in the middle of the traffic, restored into an empty place, and work goes on there."""

import asyncio
from pathlib import Path

import pytest

from mesh.audit import verify
from mesh.backup import back_up, new_key
from mesh.clients import credentials_of
from mesh.demo.case import HEALTH, SOCIAL
from mesh.home import Home
from mesh.refusal import CommandRefused
from mesh.restoring import restore
from tests.support.ports import free_ports
from tests.support.processes import running_mesh
from tests.support.traffic import Answers, PartnerSystem, name_of, partner_system, permitted, refer_many

REFERRALS = 60
NUMBERS = range(80_000_000, 80_000_000 + REFERRALS)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_copy_of_a_working_mesh_goes_on_elsewhere_with_everything_that_was_acknowledged_before(
    home: Home, tmp_path: Path
) -> None:
    key, copy, answers = tmp_path / "key.txt", tmp_path / "copy.age", Answers()
    recipient = new_key(key)

    async def copy_in_the_middle() -> dict[int, str]:
        await answers.reach(REFERRALS // 2)
        before = dict(answers.acknowledged)
        assert await asyncio.to_thread(back_up, home, copy, recipients=[recipient]) > 5
        return before

    async with partner_system(credentials_of(home), HEALTH) as hospital, asyncio.TaskGroup() as group:
        copying = group.create_task(copy_in_the_middle())
        group.create_task(refer_many(hospital, SOCIAL, numbers=NUMBERS, answers=answers))
    assert name_of(next(permitted(NUMBERS))).encode() not in copy.read_bytes()
    elsewhere = Home(tmp_path / "elsewhere")
    restore(copy, elsewhere, identity=key)
    with running_mesh(elsewhere.root, port_base=free_ports(5)):
        await goes_on(elsewhere, copying.result())


async def goes_on(elsewhere: Home, before: dict[int, str]) -> None:
    """Whoever was told yes before the copy finds it there, delivered, and can open it; the ledger verifies."""
    async with partner_system(credentials_of(elsewhere), SOCIAL) as shelter:
        async with asyncio.timeout(60):
            for referral_id in before.values():
                while not await has(shelter, referral_id):
                    await asyncio.sleep(0.2)
        number, referral_id = next(iter(before.items()))
        for step in ("acknowledge", "accept"):
            await shelter.done("POST", f"/v1/referrals/{referral_id}/{step}", json={})
        shown = await shelter.done("GET", f"/v1/referrals/{referral_id}")
        contents = {part["name"]: part.get("content") for part in shown["compartments"]}
        assert contents["identity"]["name"] == name_of(number)
    assert (await asyncio.to_thread(verify, elsewhere)).findings == []


async def has(shelter: PartnerSystem, referral_id: str) -> bool:
    """Whether the recipient has a referral."""
    return (await shelter.call("GET", f"/v1/referrals/{referral_id}?compartments=preferences")).is_success


def test_a_copy_opens_with_its_key_alone_and_only_into_an_empty_place(home: Home, tmp_path: Path) -> None:
    recipient, other = new_key(tmp_path / "key.txt"), tmp_path / "other.txt"
    new_key(other)
    copy = tmp_path / "copy.age"
    back_up(home, copy, recipients=[recipient])
    assert copy.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandRefused, match="does not open"):
        restore(copy, Home(tmp_path / "a"), identity=other)
    copy.write_bytes(copy.read_bytes()[:-1] + b"\x00")
    with pytest.raises(CommandRefused, match="does not open"):
        restore(copy, Home(tmp_path / "b"), identity=tmp_path / "key.txt")
    with pytest.raises(CommandRefused, match="not empty"):
        restore(copy, home, identity=tmp_path / "key.txt")
