"""Work that is done again and again."""

import asyncio

import pytest

from shared.agency.rounds import Rounds
from shared.kernel.errors import PeerUnavailable

AWAY = PeerUnavailable("storage.unavailable", "Not now.")


class Waiting:
    """So much is waiting; two pieces are done in a round."""

    def __init__(self, waiting: int, *, failures: int = 0, failure: Exception = AWAY) -> None:
        self.waiting, self.failures, self.failure, self.rounds = waiting, failures, failure, 0
        self.empty = asyncio.Event()

    async def once(self) -> int:
        self.rounds += 1
        if self.failures:
            self.failures -= 1
            raise self.failure
        done = min(2, self.waiting)
        self.waiting -= done
        if not self.waiting:
            self.empty.set()
        return done


async def until_empty(rounds: Rounds, waiting: Waiting) -> None:
    rounds.start()
    try:
        async with asyncio.timeout(30):
            await waiting.empty.wait()
    finally:
        await rounds.stop()


async def test_full_rounds_follow_one_another_without_a_pause() -> None:
    waiting = Waiting(7)
    await until_empty(Rounds("work", waiting.once, every=3600, most=2), waiting)
    assert waiting.rounds == 4


@pytest.mark.parametrize("failure", [AWAY, KeyError("a defect")])
async def test_a_round_that_cannot_be_done_now_is_done_later(failure: Exception) -> None:
    waiting = Waiting(1, failures=2, failure=failure)
    await until_empty(Rounds("work", waiting.once, every=0.001), waiting)
    assert waiting.rounds == 3


async def test_waking_does_not_wait_for_the_next_round() -> None:
    waiting = Waiting(4)
    rounds = Rounds("work", waiting.once, every=3600)
    rounds.start()
    try:
        async with asyncio.timeout(30):
            while waiting.rounds == 0:
                await asyncio.sleep(0)
            rounds.wake()
            await waiting.empty.wait()
    finally:
        await rounds.stop()
