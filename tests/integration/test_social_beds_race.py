"""Fifty people, three beds, two processes on one database: three have a bed, and nobody shares one."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from services.social.records import Bed, BedTurn, Booking
from services.social.tables import ROWS
from shared.agency.adapters.store import SqlStore
from tests.support.agency_services import World, databases, serving, world
from tests.support.houses import a_house, asks, many_sheltered

__all__ = ["databases"]

TRIES = 50
THREE = {"woman": 3, "child": 0, "accessible": 0}


async def stored(mesh: World) -> tuple[list[Bed], list[BedTurn], list[Booking]]:
    """The beds, their turns and the bookings as they lie in the database."""
    store = SqlStore(mesh.services["social"].settings.database_url.get_secret_value(), rows=ROWS)
    try:
        return await store.read(
            lambda reading: (list(reading.find(Bed)), list(reading.find(BedTurn)), list(reading.find(Booking)))
        )
    finally:
        store.close()


@pytest.mark.slow
async def test_no_bed_is_ever_given_twice(tmp_path: Path, databases: Callable[[str], str]) -> None:
    async with world(tmp_path, "health", "social", database_url=databases) as mesh:
        place_id = await a_house(mesh["social"], beds=THREE)
        people = await many_sheltered(mesh, TRIES)
        settings = mesh.services["social"].settings
        async with serving("social", settings, mesh.wire) as other:
            doors = [mesh["social"], other.client]
            answers = await asyncio.gather(
                *[
                    doors[number % 2].post(f"/v1/social/referrals/{person}/admissions", asks(place_id))
                    for number, person in enumerate(people)
                ]
            )
        counted = Counter((one.status_code, one.json().get("code")) for one in answers)
        beds, turns, bookings = await stored(mesh)
    assert counted[201, None] == 3
    assert {code for _, code in counted} <= {None, "social.no-bed", "storage.conflict"}
    assert len({bed.booking for bed in beds}) == len(beds) == 3
    assert {bed.booking for bed in beds} == {one.key for one in bookings}
    assert sorted(turn.turn for turn in turns) == [1, 1, 1]
