"""The bell wakes who waits, and never keeps anybody from going."""

import asyncio

import pytest

from gateway.adapters.bell import Bell, heard_within


async def test_who_is_cancelled_just_as_it_rings_is_cancelled() -> None:
    bell = Bell()
    with bell.listening() as heard:
        waiting = asyncio.create_task(heard_within(heard, 20))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        bell.fall_still()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_what_another_process_queued_wakes_who_waits_for_it_alone() -> None:
    bell = Bell()
    with bell.listening("social-th") as mine, bell.listening("legal-th") as other, bell.listening() as any_at_all:
        bell.hear("social-th")
        assert [one.is_set() for one in (mine, other, any_at_all)] == [True, False, False]
        bell.hear(None)
        assert [one.is_set() for one in (mine, other, any_at_all)] == [True, True, True]


def test_others_are_told_whom_it_rang_for_and_all_of_them_once_it_serves_nobody_itself() -> None:
    bell, told = Bell(), []
    bell.forward(told.append)
    bell.ring("social-th")
    bell.fall_still()
    bell.ring("social-th")
    assert told == ["social-th", None, None]
